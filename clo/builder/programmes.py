"""The data of the profiles. What is known of a programme's loans is named as a source; the rest is assumed, and says so."""

from __future__ import annotations

from typing import Any

from clo.reference import table

ASSUMED = "assumed"
AVERAGE = "averages follow from firms and amount"
FEES = "Yokohama, 2019 (clo.reference, table guarantee_fees)"
ISSUANCE = "JASME, funding results July 2004 to December 2007 (clo.reference, table issuance)"
CLOVER = "clo.reference, table clover"
PROVISIONS = "JASME presentation, no-collateral provision (clo.reference, table loan_provisions)"
OFFER_3 = "offer of purchase-type No. 3, autumn 2005 (reisai.net/seminar/clo)"
TOKYO_4 = "Tokyo Metropolitan Government, CLO results of fiscal 2002 (sangyo-rodo.metro.tokyo.jp)"
RATED = "Moody's on Nos. 5, 8 and 10, November 2010 and April 2011 (PR_208074, PR_217691)"
WAKABA = "Moody's on K.K. Wakaba series 1 (expydoc.com 653625)"
NINE = f"nine classes: {FEES}; shares and probabilities of default assumed"
BY_BALANCE = "weights: guarantees outstanding by association, fiscal 2003 (clo.reference, table associations)"

BASES = {"purchase": "1.2%", "jasme": "1.2%", "guarantee": "1%", "clover": "0.6%", "sme_bond": "0.6%", "wide_area_bond": "0.8%"}
"""Rate of three years without premium or margin, where a programme's own rates are not known: assumed."""


def rates_of_classes(base: str) -> dict[str, Any]:
    """Rates in which each class pays what it would pay for a guarantee."""
    fees = table("guarantee_fees")
    return {
        "base": base,
        "per_year": "0.15%",
        "by_class": dict(zip(fees["class"].astype(int), fees["fee_pct"] / 100.0, strict=True)),
        "margin": "0.25%",
        "source": f"a rate follows term and class: {PROVISIONS}; a premium as high as a class's guarantee fee: {FEES}; that, "
        "base, slope and margin are assumed",
    }


def _all(value: int | str, source: str = ASSUMED) -> dict[str, Any]:
    return {"shares": {value: 1}, "source": source}


def _flat(rate: str, source: str) -> dict[str, Any]:
    return {"base": rate, "per_year": 0, "by_class": {}, "margin": 0, "source": source}


def _sizes(smallest: int, largest: int, spread: float, source: str) -> dict[str, Any]:
    return {"smallest": smallest, "largest": largest, "spread": spread, "source": source}


def _round(smallest: int, largest: int, spread: float, source: str) -> dict[str, Any]:
    """Sizes of loans of which some are of round amounts."""
    return _sizes(smallest, largest, spread, f"{source}; round amounts assumed") | {"heaps": HEAPS, "heaped": "30%"}


def _bullets(source: str) -> dict[str, Any]:
    return {"shares": {"bullet": 1}, "interest": "semi_annual", "source": source}


def _half_yearly(source: str) -> dict[str, Any]:
    frequency = "semi_annual"
    return {"shares": {"equal_principal": 1}, "principal": frequency, "interest": frequency, "source": source}


HEAPS = (5_000_000, 10_000_000, 20_000_000, 30_000_000, 50_000_000)
PD = {1: "9%", 2: "6%", 3: "4%", 4: "2.8%", 5: "1.9%", 6: "1.3%", 7: "0.9%", 8: "0.6%", 9: "0.4%"}
UP_TO_FIVE = {36: "15%", 48: "15%", 60: "70%"}
ALIKE = 0.5
JUST_MADE = {"youngest": 0, "oldest": 1}
NATIONWIDE = {"home": 0, "neighbours": 0, "source": f"{BY_BALANCE}; that borrowers are spread so is assumed"}
TOKYO = {"home": "100%", "neighbours": 0, "source": "a programme of Tokyo: that all firms are there is assumed"}

USUAL: dict[str, Any] = {
    "lenders": {"spread": 0.6},
    "grace": _all(0),
    "repayment": {"shares": {"equal_principal": "85%", "level_payment": "10%", "bullet": "5%"}},
    "ages": JUST_MADE,
    "classes": {
        "shares": {1: "3%", 2: "5%", 3: "8%", 4: "12%", 5: "17%", 6: "19%", 7: "17%", 8: "12%", 9: "7%"},
        "pd": PD,
        "source": NINE,
    },
    "regions": {"home": "85%", "neighbours": "10%", "source": f"{BY_BALANCE}; shares at home and beside it assumed"},
    "industries": {"shares": {"D": "20%", "E": "35%", "H": "8%", "I": "27%", "R": "10%"}},
    "enterprise_sizes": {"shares": {"SMAE": "55%", "MEDE": "40%", "MICE": "5%"}, "correlation": ALIKE},
    "obligor_types": {"shares": {"corp": "97%", "sole_prop": "3%"}, "correlation": ALIKE},
}
"""What a profile has where it says nothing else."""
_BONDS: dict[str, Any] = {
    "asset_type": "bond",
    "obligor_types": _all("corp", "bonds are issued by companies"),
    "enterprise_sizes": {"shares": {"SMAE": "35%", "MEDE": "65%"}, "correlation": ALIKE},
    "regions": NATIONWIDE,
}
PROGRAMMES: dict[str, dict[str, Any]] = {
    "purchase": {
        "says": "unsecured loans of regional banks, made to be securitized (JASME, purchase type)",
        "sizes": _round(
            10_000_000, 150_000_000, 0.45, f"limits: {OFFER_3}, taken for all deals; {AVERAGE}: {ISSUANCE}; spread assumed"
        ),
        "terms": {
            "shares": UP_TO_FIVE,
            "source": f"legal final lies 6.05 years after closing: {RATED}; five years and a tail of one, and shares, assumed",
        },
        "ages": JUST_MADE | {"source": f"made for securitization shortly before the deal: {OFFER_3}; days assumed"},
    },
    "jasme": {
        "says": "JASME's own unsecured loans",
        "sizes": _round(
            10_000_000, 80_000_000, 0.55, f"at most 80 million a company: {PROVISIONS}; smallest and spread assumed"
        ),
        "terms": {"shares": UP_TO_FIVE, "source": f"at most five years: {PROVISIONS}; shares assumed"},
        "regions": NATIONWIDE,
        "enterprise_sizes": {"shares": {"SMAE": "45%", "MEDE": "55%"}, "correlation": ALIKE},
    },
    "guarantee": {
        "says": "unsecured bank loans that JASME guarantees in part (guarantee type)",
        "sizes": _round(5_000_000, 200_000_000, 0.6, f"{AVERAGE}: {ISSUANCE}; limits and spread assumed"),
        "terms": {"shares": UP_TO_FIVE},
    },
    "clover": {
        "says": "unsecured loans of regional banks that stay with them (JFC, synthetic purchase type)",
        "sizes": _round(3_000_000, 100_000_000, 0.6, f"{AVERAGE}: {CLOVER}; limits and spread assumed"),
        "lenders": {"spread": 0.35, "source": f"mostly 50 to 60 loans an institution on average: {CLOVER}; spread assumed"},
        "terms": {
            "shares": {24: "10%", 36: "40%", 48: "50%"},
            "source": "legal final 4.2 years after issue in 2021 (c-eye.co.jp); four years and a tail, and shares, assumed",
        },
        "ages": {
            "youngest": 2,
            "oldest": 8,
            "source": "made from June or August to December for a deal in March (jpbm.or.jp 3667; kankokeizai.com 2506151500)",
        },
        "classes": {
            "shares": {1: "1%", 2: "3%", 3: "6%", 4: "10%", 5: "16%", 6: "20%", 7: "20%", 8: "15%", 9: "9%"},
            "pd": PD,
            "source": f"financially sound firms (newswitch.jp 36341); {NINE}",
        },
    },
    "sme_bond": _BONDS | {
        "says": "privately placed unsecured bonds of SMEs held by JASME (synthetic CBO)",
        "sizes": _sizes(20_000_000, 200_000_000, 0.5, f"{AVERAGE}: {ISSUANCE}; limits and spread assumed"),
        "terms": {
            "shares": {24: "25%", 36: "75%"},
            "source": f"redemptions over the life of the deal: {WAKABA}; terms and shares assumed",
        },
        "repayment": _bullets(f"privately placed bonds: {WAKABA}; that they are bullets, and half-yearly coupons, assumed"),
    },
    "tokyo_loan_3y": {
        "says": "loans of the Tokyo CLO of March 2003, method A",
        "sizes": _sizes(10_000_000, 100_000_000, 0.5, f"at most 100 million: {TOKYO_4}; smallest and spread assumed"),
        "terms": _all(36, TOKYO_4),
        "grace": _all(12, TOKYO_4),
        "repayment": _half_yearly(f"instalments after a year of grace: {TOKYO_4}; that they are half-yearly is assumed"),
        "rates": {
            "base": "2.78%", "per_year": 0, "by_class": {}, "margin": "0.15%",
            "source": f"floating, 2.93% on average, all costs included: {TOKYO_4}; index and margins are not known: fixed rates "
            "of that mean assumed",
        },
        "regions": TOKYO,
    },
    "tokyo_loan_5y": {
        "says": "loans of the Tokyo CLO of March 2003, method B, guaranteed by the association",
        "sizes": _sizes(5_000_000, 80_000_000, 0.6, f"at most 80 million: {TOKYO_4}; smallest and spread assumed"),
        "terms": _all(60, TOKYO_4),
        "grace": _all(24, TOKYO_4),
        "repayment": _half_yearly(f"instalments after two years of grace: {TOKYO_4}; half-yearly as before (taxcom.co.jp)"),
        "rates": _flat("2.807%", f"fixed, all costs included: {TOKYO_4}"),
        "regions": TOKYO,
    },
    "tokyo_bond_2y": _BONDS | {
        "says": "bonds of the Tokyo CBO of March 2003, method C",
        "sizes": _sizes(20_000_000, 100_000_000, 0.3, f"at most 100 million: {TOKYO_4}; smallest and spread assumed"),
        "terms": _all(24, TOKYO_4),
        "repayment": _bullets(f"bullets: {TOKYO_4}; half-yearly coupons assumed"),
        "rates": _flat("2.57%", f"fixed, all costs included: {TOKYO_4}"),
        "regions": TOKYO,
    },
    "wide_area_bond": _BONDS | {
        "says": "bonds of the wide-area CBO of seven local governments, March 2006",
        "sizes": _sizes(20_000_000, 200_000_000, 0.5, "average 69 million: 1,269 firms, 88.1bn (cfonews.jp); the rest assumed"),
        "terms": _all(36, "what was repaid was known by the middle of 2009 (cfonews.jp); three years assumed"),
        "repayment": _bullets("bullets with half-yearly coupons: assumed"),
    },
    "receivable": {
        "says": "suppliers' receivables, each due once",
        "asset_type": "receivable",
        "sizes": _sizes(300_000, 8_000_000, 0.7, ASSUMED) | {"unit": 10_000},
        "terms": {"shares": {2: "20%", 3: "40%", 4: "25%", 5: "15%"}},
        "ages": {"youngest": 0, "oldest": 1.5},
        "repayment": {"shares": {"bullet": 1}, "source": "a receivable falls due once"},
        "rates": _flat("0%", "receivables bear no interest"),
        "obligor_types": _all("corp", "debtors are companies: assumed"),
    },
}  # fmt: skip
