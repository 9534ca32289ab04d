/* Draws the chart of an enterprise's relations: it in the middle, the first step around it, the second outside. The list
   below the chart says the same to those who cannot see it or have no JavaScript. */
(() => {
  "use strict";

  const box = document.querySelector("[data-relations]");
  if (!box || !window.echarts) return;
  const data = JSON.parse(document.getElementById(box.dataset.relations).textContent);
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--yf-${name}`).trim();
  const font = getComputedStyle(document.body).fontFamily;
  const looks = {
    this: { symbol: "path://M50 5 61 39 97 39 68 60 79 95 50 74 21 95 32 60 3 39 39 39Z", size: 34, color: ink("accent") },
    local: { symbol: "circle", size: 15, color: ink("success") },
    great: { symbol: "diamond", size: 19, color: ink("warning") },
    other: { symbol: "rect", size: 12, color: ink("edge") },
  };
  const lines = { shareholder: "solid", supplier: "solid", customer: "solid", partner: "dashed", competitor: "dotted" };
  const short = (name, letters) => (name.length > letters ? `${name.slice(0, letters - 1)}…` : name);

  /* What hangs together in rings is drawn straight and worded; what runs across them, curved and worded when pointed at. */
  const isMain = ({ source, target }) => {
    const steps = [byId.get(source).step, byId.get(target).step].sort();
    return steps[0] === 0 || (steps[1] === 2 && (behind.get(source)?.includes(target) || behind.get(target)?.includes(source)));
  };

  /* --- places: each firm of the first step gets a slice as wide as what hangs on it --- */

  const byId = new Map(data.nodes.map((node) => [node.id, node]));
  const firsts = data.nodes.filter((node) => node.step === 1);
  const behind = new Map(firsts.map((node) => [node.id, []]));
  const placed = new Set();
  data.links.forEach(({ source, target }) => {
    [[source, target], [target, source]].forEach(([near, far]) => {
      if (behind.has(near) && byId.get(far).step === 2 && !placed.has(far)) {
        placed.add(far);
        behind.get(near).push(far);
      }
    });
  });

  function places(width, height) {
    const hasSecond = placed.size > 0;
    const total = firsts.reduce((sum, node) => sum + Math.max(behind.get(node.id).length, 1), 0) || 1;
    const reach = (share) => [width * share * 0.5, height * share * 0.5];
    const [x1, y1] = reach(hasSecond ? 0.5 : 0.8);
    const [x2, y2] = reach(1);
    const found = new Map();
    let turn = -Math.PI / 2;
    const put = (id, angle, x, y) => found.set(id, { x: Math.cos(angle) * x, y: Math.sin(angle) * y, angle });
    firsts.forEach((node) => {
      const children = behind.get(node.id);
      const slice = (Math.max(children.length, 1) / total) * Math.PI * 2;
      put(node.id, turn + slice / 2, x1, y1);
      children.forEach((child, index) => put(child, turn + (slice * (index + 0.5)) / children.length, x2, y2));
      turn += slice;
    });
    data.nodes.filter((node) => node.step === 0).forEach((node) => found.set(node.id, { x: 0, y: 0, angle: 0 }));
    return found;
  }

  function label(node, place, crowded) {
    if (node.step === 0) return { position: "bottom", fontWeight: 600, fontSize: 14 };
    const left = Math.cos(place.angle) < -0.001;
    if (!crowded) {
      const steep = Math.abs(Math.cos(place.angle)) < 0.35;
      return { position: steep ? (Math.sin(place.angle) < 0 ? "top" : "bottom") : left ? "left" : "right" };
    }
    const seen = Math.atan2(place.y, place.x); // the ring is no circle where the chart is wide
    const degrees = (-seen * 180) / Math.PI;
    return { position: left ? "left" : "right", rotate: left ? degrees + 180 : degrees };
  }

  function draw(chart) {
    const width = box.clientWidth;
    const height = box.clientHeight;
    const where = places(width, height);
    const crowded = data.nodes.length > (width < 600 ? 10 : 30);
    const worded = data.links.length <= (width < 600 ? 12 : 40);
    const margin = width < 600 ? 80 : 150;
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: font },
      tooltip: {
        renderMode: "richText",
        confine: true,
        formatter: ({ dataType, data: item }) =>
          dataType === "node" ? [item.name, item.place].filter(Boolean).join("\n") : item.said,
      },
      series: [
        {
          type: "graph",
          layout: "none",
          left: margin,
          right: margin,
          top: crowded ? 100 : 40,
          bottom: crowded ? 100 : 50,
          roam: "move",
          emphasis: { focus: "adjacency", label: { show: true } },
          data: data.nodes.map((node) => {
            const look = looks[node.group];
            const place = where.get(node.id) || { x: 0, y: 0, angle: 0 };
            return {
              ...node,
              x: place.x,
              y: place.y,
              symbol: look.symbol,
              symbolSize: look.size,
              itemStyle: { color: look.color },
              cursor: "pointer",
              label: {
                show: true,
                formatter: short(node.short, width < 600 ? 7 : 12),
                color: ink("ink"),
                fontSize: crowded ? 11 : 12,
                ...label(node, place, crowded),
              },
            };
          }),
          links: data.links.map((link) => {
            const main = isMain(link);
            return {
              ...link,
              symbol: link.mutual ? ["none", "none"] : ["none", "arrow"],
              symbolSize: 8,
              lineStyle: {
                color: main ? ink("edge") : ink("line-2"),
                width: 1.2,
                opacity: 1,
                type: lines[link.kind],
                curveness: main ? 0 : 0.2,
              },
              label: {
                show: worded && main,
                formatter: link.label,
                fontSize: 11,
                color: ink("ink-2"),
                opacity: 1,
                backgroundColor: ink("surface"),
                padding: [1, 3],
              },
            };
          }),
        },
      ],
    });
  }

  const chart = echarts.init(box, null, { renderer: "svg" });
  draw(chart);
  chart.on("click", ({ dataType, data: item }) => {
    if (dataType === "node" && item.step !== 0) location.assign(item.url);
  });
  const again = () => {
    chart.resize();
    draw(chart);
  };
  addEventListener("resize", again);
  addEventListener("beforeprint", again);
  addEventListener("afterprint", again);
})();
