"""Expected tranche losses by another library: remakes the figures of ore.json, where its inputs stand.

    pip install open-source-risk-engine==1.8.17.0    (in an environment of its own: 78 MB, only for this)
    python make_ore.py [--write]                     (a minute; prints the figures beside those recorded)

A SyntheticCDO of Open Source Risk Engine (modified BSD licence) that pays its losses at maturity, with interest rates and premium
of zero, is worth the expected loss of its tranche. Flat hazard rates give each name the PD at maturity that is asked for, and one
base correlation for all points is the copula's. `pool: alike` counts defaults (LossDistHomogeneous; names may differ in PD),
`pool: buckets` is Hull and White's bucketing, which takes any names.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parent / "ore.json"
START, END, DAYS = "2024-01-02", "2029-01-02", 1827
PILLARS = ("2025-01-02", "2034-01-02")
HAZARDS = ("0Y", "10Y")
POINTS = (0.001, 0.999)
"""Detachments at which the one base correlation is quoted."""


def xml(tree: Any) -> str:
    """A dict is its elements (a list: the element again for each), anything else the text. Keys may carry attributes."""
    if not isinstance(tree, dict):
        return str(tree)
    parts = []
    for key, value in tree.items():
        for each in value if isinstance(value, list) else [value]:
            parts.append(f"<{key}>{xml(each)}</{key.split()[0]}>")
    return "".join(parts)


def parameters(**values: object) -> dict[str, object]:
    return {f'Parameter name="{name}"': value for name, value in values.items()}


def market(names: list[str], pds: list[float], recoveries: list[float], correlation: float) -> list[str]:
    quotes = [f"ZERO/RATE/USD/FLAT/A365/{date} 0.0" for date in PILLARS]
    quotes += [f"INDEX_CDS_TRANCHE/BASE_CORRELATION/POOL/5Y/{point} {correlation!r}" for point in POINTS]
    for name, pd, recovery in zip(names, pds, recoveries, strict=True):
        hazard = -math.log1p(-pd) / (DAYS / 365)
        quotes += [f"HAZARD_RATE/RATE/{name}/SR/USD/{term} {hazard!r}" for term in HAZARDS]
        quotes.append(f"RECOVERY_RATE/RATE/{name}/SR/USD {recovery!r}")
    return [f"{START} {quote}" for quote in quotes]


def conventions() -> dict[str, Any]:
    zero = {"Id": "ZERO", "TenorBased": "false", "DayCounter": "A365", "CompoundingFrequency": "Annual"}
    cds = {
        "Id": "CDS",
        "SettlementDays": 0,
        "Calendar": "NullCalendar",
        "Frequency": "Quarterly",
        "PaymentConvention": "Following",
    }
    cds |= {"Rule": "CDS2015", "DayCounter": "A360", "SettlesAccrual": "false", "PaysAtDefaultTime": "false"}
    return {"Conventions": {"Zero": zero, "CDS": cds}}


def curves(names: list[str]) -> dict[str, Any]:
    flat = {"Type": "Zero", "Quotes": {"Quote": [f"ZERO/RATE/USD/FLAT/A365/{date}" for date in PILLARS]}, "Conventions": "ZERO"}
    discount = {"CurveId": "FLAT", "CurveDescription": "", "Currency": "USD", "DiscountCurve": "", "Segments": {"Direct": flat}}
    defaults = [
        {
            "CurveId": name,
            "CurveDescription": "",
            "Currency": "USD",
            "Type": "HazardRate",
            "DiscountCurve": "",
            "DayCounter": "A365",
        }
        | {"RecoveryRate": f"RECOVERY_RATE/RATE/{name}/SR/USD"}
        | {"Quotes": {"Quote": [f"HAZARD_RATE/RATE/{name}/SR/USD/{term}" for term in HAZARDS]}, "Conventions": "CDS"}
        for name in names
    ]
    base = {"CurveId": "POOL", "CurveDescription": "", "Terms": "5Y", "DetachmentPoints": ",".join(map(str, POINTS))}
    base |= {
        "SettlementDays": 0,
        "Calendar": "NullCalendar",
        "BusinessDayConvention": "F",
        "DayCounter": "A365",
        "Extrapolate": "Y",
    }
    return {
        "CurveConfiguration": {
            "YieldCurves": {"YieldCurve": discount},
            "DefaultCurves": {"DefaultCurve": defaults},
            "BaseCorrelations": {"BaseCorrelation": base},
        }
    }


def todays_market(names: list[str]) -> dict[str, Any]:
    kinds = ("DiscountingCurves", "DefaultCurves", "BaseCorrelations")
    return {
        "TodaysMarket": {
            'Configuration id="default"': {f"{kind}Id": "default" for kind in kinds},
            'DiscountingCurves id="default"': {'DiscountingCurve currency="USD"': "Yield/USD/FLAT"},
            'DefaultCurves id="default"': {f'DefaultCurve name="{name}"': f"Default/USD/{name}" for name in names},
            'BaseCorrelations id="default"': {'BaseCorrelation name="POOL"': "BaseCorrelation/POOL"},
        }
    }


def engine(pool: str, reach: float, steps: int, buckets: int) -> dict[str, Any]:
    model = parameters(min=-reach, max=reach, steps=steps, useStochasticRecovery="N", useQuadrature="N")
    options = parameters(buckets=buckets, homogeneousPoolWhenJustified="Y" if pool == "alike" else "N")
    product = {"Model": "GaussCopula", "ModelParameters": model, "Engine": "Bucketing", "EngineParameters": options}
    return {"PricingEngines": {'Product type="SyntheticCDO"': product}}


def portfolio(names: list[str], exposures: list[float], points: list[float]) -> dict[str, Any]:
    members = [
        {"IssuerId": name, "CreditCurveId": name, "Notional": exposure, "Currency": "USD"}
        for name, exposure in zip(names, exposures, strict=True)
    ]
    rules = {"StartDate": START, "EndDate": END, "Tenor": "10Y", "Calendar": "NullCalendar", "Convention": "U"}
    rules |= {"TermConvention": "U", "Rule": "Zero"}
    trades = {}
    for number, (attach, detach) in enumerate(pairwise(points)):
        leg = {"LegType": "Fixed", "Payer": "true", "Currency": "USD", "DayCounter": "A365", "PaymentConvention": "U"}
        leg |= {"Notionals": {"Notional": (detach - attach) * sum(exposures)}, "FixedLegData": {"Rates": {"Rate": 0.0}}}
        cdo = {"Qualifier": "POOL", "SettlesAccrual": "N", "ProtectionPaymentTime": "atMaturity", "ProtectionStart": START}
        cdo |= {"UpfrontDate": START, "UpfrontFee": 0.0, "AttachmentPoint": attach, "DetachmentPoint": detach}
        cdo |= {"LegData": leg | {"ScheduleData": {"Rules": rules}}, "BasketData": {"Name": members}}
        trade = {"TradeType": "SyntheticCDO", "Envelope": {"CounterParty": "C"}, "CdoData": cdo}
        trades[f'Trade id="{number}"'] = trade
    return {"Portfolio": trades}


def tranche_losses(inputs: dict[str, Any], setting: dict[str, Any]) -> list[float]:
    """Fractions of each tranche's size."""
    import ORE  # noqa: PLC0415  (needed only to make the figures again)

    count, points = inputs["obligors"], inputs["attachments"]
    names = [f"N{number:03d}" for number in range(count)]
    exposures, pds, recoveries = (
        inputs[key] if isinstance(inputs[key], list) else [inputs[key]] * count for key in ("exposure", "pd", "recovery")
    )
    given = ORE.InputParameters()
    given.setAsOfDate(START)
    given.setBaseCurrency("USD")
    given.setAllFixings(True)
    given.setEntireMarket(True)
    given.setConventions(xml(conventions()))
    given.setCurveConfigs(xml(curves(names)))
    given.setTodaysMarketParams(xml(todays_market(names)))
    given.setPricingEngine(xml(engine(setting["pool"], setting["reach"], setting["steps"], setting["buckets"])))
    given.setPortfolio(xml(portfolio(names, exposures, points)))
    given.setAnalytics("NPV")
    with tempfile.TemporaryDirectory() as folder:
        given.setResultsPath(folder)
        app = ORE.OREApp(given, f"{folder}/log.txt", 0, False)
        app.run(market(names, pds, recoveries, inputs["correlation"]), [])
    report = app.getReport("npv")
    worth = report.dataAsReal([report.header(column) for column in range(report.columns())].index("NPV"))
    value = dict(zip(report.dataAsString(0), worth, strict=True))
    sizes = [(detach - attach) * sum(exposures) for attach, detach in pairwise(points)]
    losses = [value[str(number)] / size for number, size in enumerate(sizes)]
    if not all(0.0 < loss < 1.0 for loss in losses):
        raise RuntimeError(f"a tranche was not priced: {losses}")  # the library puts a huge number where it could not
    return losses


def written(record: dict[str, Any]) -> str:
    """JSON with each list of numbers on a line of its own."""
    numbers = re.compile(r"\[\s+([^\[\]{}\"]+?)\s+\]")
    return numbers.sub(lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", json.dumps(record, indent=1)) + "\n"


def main() -> None:
    record = json.loads(RECORD.read_text("utf-8"))
    for case in record["cases"]:
        for key, setting in (("expected", case["setting"]), ("coarser", case["coarser_setting"])):
            made = tranche_losses(case["inputs"], setting)
            apart = max(abs(new - old) for new, old in zip(made, case[key], strict=True))
            figures = "  ".join(f"{loss:.12f}" for loss in made)
            sys.stdout.write(f"{case['id']} {key}: {figures}  largest difference from the record {apart:.1e}\n")
            case[key] = made
    if "--write" in sys.argv[1:]:
        RECORD.write_text(written(record), "utf-8")


if __name__ == "__main__":
    main()
