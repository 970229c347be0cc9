/* Draws charts into their places; on paper, whose width is known, they are drawn again with the width that they have there. */
function drawCharts(places, charts) {
  places.forEach(function (place) {
    place.chart = charts[place.dataset.chart];
    place.style.height = place.chart.layout.height + "px"; /* which a resize of the window would forget */
    drawChart(place, {});
  });
}

function drawChart(place, fitted) {
  const config = { responsive: true, displaylogo: false, plotlyServerURL: "", modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
  Plotly.newPlot(place, place.chart.data, Object.assign({}, place.chart.layout, fitted), config);
}

function fitCharts(onPaper) {
  document.querySelectorAll(".js-plotly-plot").forEach(function (place) {
    const whole = place.matches(".wide, .charts .chart:last-child:nth-child(odd)");
    drawChart(place, onPaper ? { autosize: false, width: whole ? 1010 : 495 } : {});
  });
}

window.addEventListener("beforeprint", function () { fitCharts(true); });
window.addEventListener("afterprint", function () { fitCharts(false); });
