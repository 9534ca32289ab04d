/* Draws what was set and closed in each month as bars: what was closed stands on time below late. The table below it says the same. */
(() => {
  "use strict";

  const box = document.querySelector("[data-months]");
  if (!box || !window.echarts) return;
  const data = JSON.parse(document.getElementById(box.dataset.months).textContent);
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--yf-${name}`).trim();
  const chart = echarts.init(box, null, { renderer: "svg" });
  const bars = (key, look, more = {}) => ({ name: data.names[key], type: "bar", data: data[key], barMaxWidth: 22, itemStyle: look, ...more });

  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink("ink") },
    grid: { left: 12, right: 24, top: 48, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: { color: ink("ink") } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: (value) => `${value.toLocaleString()} ${data.names.unit}` },
    xAxis: { type: "category", data: data.months, axisLabel: { color: ink("ink-3") } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: ink("ink-3") }, splitLine: { lineStyle: { color: ink("line") } } },
    series: [
      bars("set", { color: ink("surface"), borderColor: ink("ink-3"), borderWidth: 1 }),
      bars("on_time", { color: ink("accent") }, { stack: "closed" }),
      bars("late", { color: ink("danger"), decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 3], rotation: -Math.PI / 4, color: ink("surface") } }, { stack: "closed" }),
    ],
  });
  window.addEventListener("resize", () => chart.resize());
})();
