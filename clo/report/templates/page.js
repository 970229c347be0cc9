"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const runs = Array.from(document.querySelectorAll(".run"));
  const tabs = Array.from(document.querySelectorAll(".tabs button"));

  function amount(value) {
    if (value === null) return "–";
    const text = whole.format(value);
    return text === "-0" ? "0" : text;
  }

  function draw(run) {
    if (run.dataset.drawn) return;
    run.dataset.drawn = "yes";
    drawCharts(run.querySelectorAll("[data-chart]"), data[Number(run.dataset.run)].charts);
  }

  function cell(row, text, style) {
    const made = row.insertCell();
    made.textContent = text;
    if (style) made.className = style;
  }

  function pour(run, period) {
    const table = data[Number(run.dataset.run)].waterfall;
    const body = document.createElement("tbody");
    table.periods[period].forEach(function (line) {
      const [step, asked, available, paid, shortfall, why] = line;
      const row = body.insertRow();
      const told = table.steps[step];
      told.slice(0, 4).forEach(function (text) { cell(row, text); });
      [asked, available, paid].forEach(function (value) { cell(row, amount(value), "n"); });
      cell(row, amount(shortfall), shortfall > 0.5 ? "n short" : "n");
      cell(row, available === null || !told[4] ? "–" : amount(available - paid), "n");
      cell(row, table.whys[why], "why");
      if (!paid && !(shortfall > 0.5)) row.className = "idle";
    });
    if (!body.rows.length) {
      cell(body.insertRow(), table.nothing);
      body.rows[0].cells[0].colSpan = 10;
    }
    run.querySelector("table.waterfall tbody").replaceWith(body);
  }

  function choose(number) {
    tabs.forEach(function (tab, index) { tab.setAttribute("aria-selected", String(index === number)); });
    runs.forEach(function (run, index) { run.hidden = index !== number; });
    draw(runs[number]);
  }

  runs.forEach(function (run) {
    const select = run.querySelector("[data-waterfall]");
    select.addEventListener("change", function () { pour(run, Number(select.value)); });
    run.querySelectorAll("[data-by]").forEach(function (button) {
      button.addEventListener("click", function () {
        const next = Number(select.value) + Number(button.dataset.by);
        if (next < 0 || next >= select.options.length) return;
        select.value = String(next);
        pour(run, next);
      });
    });
    pour(run, 0);
  });
  tabs.forEach(function (tab, index) { tab.addEventListener("click", function () { choose(index); }); });
  window.addEventListener("beforeprint", function () { runs.forEach(draw); });
  choose(0);
})();
