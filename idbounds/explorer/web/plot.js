// Axes in SVG, drawn at the size of their place so that letters stay letters on a phone and on a wall.

// spec: label (for those who cannot see it), height (share of the width), x and y: { low, high, log, label, ticks, show }
function plot(place, spec) {
  var width = Math.max(place.clientWidth, 240);
  var letter = parseFloat(getComputedStyle(place).fontSize) || 16;
  var height = Math.max(width * spec.height, letter * 14);
  var left = letter * (spec.left || 3.6);
  var edge = { left: left, right: width - letter * 0.9, top: letter * 1.4, bottom: height - letter * 3 };
  var root = svg("svg", {
    viewBox: "0 0 " + width + " " + height, width: "100%", height: height, role: "img", "aria-label": spec.label,
    class: "plot",
  });
  function scale(axis, from, to) {
    return function (v) {
      var share = axis.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low);
      return from + (to - from) * share;
    };
  }
  var out = {
    root: root, width: width, height: height, letter: letter, edge: edge,
    x: scale(spec.x, edge.left, edge.right),
    y: scale(spec.y, edge.bottom, edge.top),
    add: function (tag, attributes, text) {
      var node = svg(tag, attributes);
      if (text !== undefined) node.textContent = text;
      root.append(node);
      return node;
    },
  };
  out.line = function (points, cls) {
    var path = points.map(function (p, i) { return (i ? "L" : "M") + out.x(p[0]).toFixed(2) + " " + out.y(p[1]).toFixed(2); });
    return out.add("path", { d: path.join(""), class: cls, fill: "none" });
  };
  out.text = function (x, y, text, cls, anchor) {
    return out.add("text", { x: x, y: y, class: cls || "", "text-anchor": anchor || "start" }, text);
  };
  out.axes = function () { axes(out, spec); };
  clear(place).append(root);
  return out;
}

function axes(p, spec) {
  (spec.x.ticks || ticks(spec.x, p.width / (p.letter * 6))).forEach(function (v) {
    p.add("line", { x1: p.x(v), x2: p.x(v), y1: p.edge.top, y2: p.edge.bottom, class: "grid" });
    p.text(p.x(v), p.edge.bottom + p.letter * 1.1, (spec.x.show || grouped)(v), "tick", "middle");
  });
  (spec.y.ticks || ticks(spec.y, p.height / (p.letter * 3))).forEach(function (v) {
    p.add("line", { x1: p.edge.left, x2: p.edge.right, y1: p.y(v), y2: p.y(v), class: "grid" });
    p.text(p.edge.left - p.letter * 0.4, p.y(v) + p.letter * 0.3, (spec.y.show || grouped)(v), "tick", "end");
  });
  p.text((p.edge.left + p.edge.right) / 2, p.height - p.letter * 0.5, spec.x.label, "axis", "middle");
  p.text(p.letter * 0.1, p.letter * 0.85, spec.y.label, "axis");
}

// round values along an axis, about as many as there is room for
function ticks(axis, room) {
  var out = [];
  if (axis.log) {
    var decades = Math.log10(axis.high / axis.low);
    var every = Math.max(1, Math.ceil(decades / Math.max(room, 2)));
    for (var e = Math.ceil(Math.log10(axis.low) - 1e-9); e <= Math.log10(axis.high) + 1e-9; e += every) out.push(Math.pow(10, e));
    return out;
  }
  var step = Math.pow(10, Math.floor(Math.log10((axis.high - axis.low) / Math.max(room, 2))));
  [1, 2, 2.5, 5, 10].some(function (k) {
    var fits = (axis.high - axis.low) / (step * k) <= Math.max(room, 2);
    if (fits) step *= k;
    return fits;
  });
  for (var i = Math.ceil(axis.low / step - 1e-9); i * step <= axis.high * (1 + 1e-9); i++) out.push(Number((i * step).toPrecision(12)));
  return out;
}

function shortPower(v) {
  var e = Math.round(Math.log10(v));
  if (e >= -3 && e <= 4) return grouped(Number(v.toPrecision(6)));
  var digits = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return "10" + String(e).split("").map(function (c) { return digits[c]; }).join("");
}
