/* Draws the S-curve of a project: planned and actual investment, both cumulative. The table below it says the same. */
(() => {
  "use strict";

  const box = document.querySelector("[data-scurve]");
  if (!box || !window.echarts) return;
  const data = JSON.parse(document.getElementById(box.dataset.scurve).textContent);
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--yf-${name}`).trim();
  const chart = echarts.init(box, null, { renderer: "svg" });
  const said = (value) => (value == null ? "—" : `${value.toLocaleString()} ${data.names.unit}`);
  const line = (key, look) => ({ name: data.names[key], type: "line", data: data[key], symbolSize: 6, connectNulls: false, ...look });

  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink("ink") },
    grid: { left: 12, right: 24, top: 48, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, textStyle: { color: ink("ink") } },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: said },
    xAxis: { type: "category", data: data.months, boundaryGap: false, axisLabel: { color: ink("ink-3") } },
    yAxis: {
      type: "value",
      name: data.names.unit,
      nameTextStyle: { color: ink("ink-3") },
      axisLabel: { color: ink("ink-3") },
      splitLine: { lineStyle: { color: ink("line") } },
    },
    series: [
      ...(data.first.length
        ? [line("first", { symbol: "none", lineStyle: { type: "dotted", color: ink("ink-3") }, itemStyle: { color: ink("ink-3") } })]
        : []),
      line("planned", { symbol: "emptyDiamond", lineStyle: { type: "dashed", color: ink("ink-3") }, itemStyle: { color: ink("ink-3") } }),
      line("invested", {
        symbol: "circle",
        lineStyle: { width: 3, color: ink("accent") },
        itemStyle: { color: ink("accent") },
        markLine: data.months.includes(data.due)
          ? { symbol: "none", silent: true, label: { formatter: data.names.due, color: ink("ink-3") }, lineStyle: { color: ink("edge"), type: "dotted" }, data: [{ xAxis: data.due }] }
          : undefined,
      }),
    ],
  });
  window.addEventListener("resize", () => chart.resize());
})();
