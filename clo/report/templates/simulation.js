"use strict";
drawCharts(document.querySelectorAll("[data-chart]"), JSON.parse(document.getElementById("data").textContent));
