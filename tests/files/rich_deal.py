"""A deal text that has something of everything a waterfall spelled out may say; test_bad_deals_language.py spoils it."""

from __future__ import annotations

RICH = """# Something of everything, on the loans of purchase-type No. 8.
format: clo.deal/1
name: something of everything
currency: JPY
dates: {cutoff: 2007-05-31, closing: 2007-06-28, first_payment: 2007-07-17, legal_final: 2013-07-16}
payments: {frequency: monthly, day: 15, calendar: JP, business_day: following}
day_count: ACT/365F
rounding: down
pools:
  institutions: {tape: tapes/purchase-08.parquet, where: "originator_id == 'ehime'"}
  own:          {tape: tapes/purchase-08.parquet, where: "originator_id == 'jasme'"}
backing: pool.initial + reserve.initial
curves:
  TIBOR_3M: {file: jpy.csv, extrapolation: flat}
schedules:
  pac:  {level: {2007-07-17: 800_000_000, 2010-07-15: 400_000_000}}
  caps: {flow: {2008-07-15: 5_000_000}}
  step: {payments: [3, 2, 1]}
counterparties:
  bank_a: {ratings: {2007-06-28: AA, 2009-03-01: BBB+}}
accounts:
  cash: {earns: 10bp, earns_into: reserve, bank: trust_bank}
  reserve: {initial: 100_000_000, target: "min(100_000_000, notes.balance)"}
ledgers:
  losses: {limit: mezzanine.balance}
facilities:
  line: {limit: "min(1_000_000_000, senior.balance)", provider: bank_b, rate: 1%, commitment_fee: 10bp}
hedges:
  swap: {notional: senior.balance, counterparty: bank_c, pay: 1.2%, receive: "index.TIBOR_3M + 0"}
fees:
  servicer: {tiers: [{up_to: 1_000_000_000, rate: 40bp}, {rate: 20bp}], on: pool.opening, floor: 100_000}
  trustee:  {rate: 5bp, on: pool.opening}
  exit:     {payee: lawyer}
tranches:
  senior:
    size: 11_900_000_000
    coupon: {index: TIBOR_3M, margin: 50bp, floor: 0, cap: 5%, step_ups: [{from: 2010-07-15, add: 20bp}, {when: late, add: 50bp}]}
    denomination: 100_000_000
    principal_per_note: true
  mezzanine: {size: 180_000_000, coupon: 2.4%, interest_on_unpaid: coupon, deferrable: true}
  strip:     {size: 0, coupon: 0.1%, notional: "senior.balance"}
  junior:    {size: rest, holder: corporation}
groups:
  notes: {tranches: [senior, mezzanine], how: sequential}
triggers:
  late:  {when: "rolling_average(pool.default, 3) > 1% * pool.initial", after: 2, cure: never}
  short: {when: "cover < 1", every: 3, from: 2007-10-15}
macros:
  pay_note:
    parameters: [note]
    steps:
      - pay: {interest: "{note}", from: [cash, reserve]}
      - capitalise: {interest: "{note}", amount: 1_000, if: "{note}.interest_unpaid > 0 and late"}
waterfall:
  - collect: {from: [interest, scheduled_principal, prepayment, recovery], to: cash}
  - debit:   {ledgers: losses, amount: pool.default}
  - let:     {available: cash.balance + previous(reserve.balance), cover: "if(notes.balance > 0, pool.balance/notes.balance, 2)"}
  - test:    short
  - draw:    {from: line, to: cash, amount: "max(0, notes.interest_unpaid - cash.balance)"}
  - draw:    {from: swap, to: cash}
  - pay:     {fee: [servicer, trustee, exit, line], from: cash}
  - pay:     {hedge: swap, from: cash}
  - pay:     {interest: line, from: cash}
  - use:     {macro: pay_note, with: [{note: senior}, {note: mezzanine}]}
  - pay:     {interest: strip, from: cash}
  - section:
      name: turbo
      if: short or late
      steps:
        - pay: {principal: notes, from: cash}
        - write_down: {tranches: [junior, mezzanine], amount: "0 * pool.default"}
      else:
        - pay: {principal: notes, from: cash, amount: "max(0, notes.balance - schedule.pac - schedule.caps - schedule.step)"}
        - buy: {pool: own, from: cash, amount: 0, if: "payment.date < '2008-01-01' and bank_a.rating >= 'A-'"}
  - write_up: {tranches: junior, amount: 0}
  - pay:     {principal: line, from: cash}
  - transfer: {from: cash, to: reserve, amount: "max(0, reserve.target - reserve.balance)", credits: losses}
  - credit:  {ledgers: losses, amount: 1}
  - charge:  {fee: exit, amount: 5_000, if: "payment.left == 0"}
  - sell:    {to: cash, amount: "90% * pool.balance", if: "payment.left == 0"}
  - transfer: {from: reserve, to: cash, amount: reserve.balance, if: "payment.left == 0 or notes.balance == 0"}
  - pay:     {residual: junior, from: cash, if: "not late or payment.left == 0"}
scenarios:
  base:   {cdr: 2%, cpr: 0%, recovery: 10%, recovery_lag: 12}
  forced: {extends: base, force: {late: fail, short: as_modelled}}
assumed: [dates, payments, day_count, rounding, pools, backing, curves, schedules, counterparties, accounts, ledgers, facilities,
          hedges, fees, tranches, groups, triggers, scenarios]
"""
