// The words on JavaScript numbers: the algorithms of _scalars.py, returned on the safe side in the same way.
// No imports and no module system: this file is concatenated into a page, where Math.log and Math.sqrt are
// the other two words. Reference for every comment that is not here: idbounds/kernels/_scalars.py.
"use strict";

var LOG_STAR_CONSTANT = 2.8651084158399077;
var EPSILON = 2.220446049250313e-16;
var SLACK = 4e-13;
var FAR = 37;
var STEPS = 16;
var COARSE = rule(10, 0.25);
var FINE = rule(28, 0.25);
var SHORT = rule(4, 1);
var MOST_STEPS = 100000;
var GOLDEN = (Math.sqrt(5) - 1) / 2;

function refuse(message) {
  throw new RangeError(message);
}

function checkRate(q) {
  if (!(q >= 0 && q <= 1)) refuse("q = " + q + ": give a number in [0, 1] (a rate)");
}

function checkCost(c) {
  if (!(c >= 0)) refuse("c = " + c + ": give a number >= 0 (nats per example)");
}

function kl(q, p) {
  checkRate(q);
  checkRate(p);
  if (q === p) return 0;
  if (q === 0) return -Math.log1p(-p);
  if (q === 1) return -Math.log(p);
  if (p === 0 || p === 1) return Infinity;
  var qc = 1 - q;
  var x = (p - q) / q;
  var y = (q - p) / qc;
  if (Math.max(x, y) < 2 && Math.min(x, y) > -0.6) return -q * log1pmx(x) - qc * log1pmx(y);
  var first = q <= 0.5 && p > 1e-307 ? Math.log(q / p) : Math.log(q) - Math.log(p);
  var second = q > 0.5 ? Math.log(qc / (1 - p)) : Math.log1p(-q) - Math.log1p(-p);
  return q * first + qc * second;
}

function kl_inverse(q, c) {
  checkRate(q);
  checkCost(c);
  if (c === 0 || q === 1) return q;
  var p = q === 0 ? -Math.expm1(-c) : q + (1 - q) * klRoot(q, 1 - q, c).w;
  return Math.min(Math.max(p + p * 5.6e-16, q), 1);
}

function kl_inverse_lower(q, c) {
  checkRate(q);
  checkCost(c);
  if (c === 0) return q;
  if (q <= 1e-300) return 0;
  var t = Math.min(q === 1 ? c : klRoot(1 - q, q, c).t, 800);
  var p = q * Math.exp(-t) * (1 - 4 * EPSILON * (1 + t));
  return p > 1e-300 ? p : 0;
}

function binomial_tail_inverse(k, n, log_delta) {
  if (!(k >= 0 && k <= n && n >= 1 && n < Infinity && log_delta <= 0)) {
    refuse(
      "binomial_tail_inverse(" + k + ", " + n + ", " + log_delta + "): give 0 <= k <= n, n >= 1 and " +
      "log_delta <= 0 (log_delta is the logarithm of a probability)"
    );
  }
  if (k > n - 1 || log_delta === -Infinity) return 1;
  if (log_delta === 0) return 0;
  var p;
  if (k === 0) p = -Math.expm1(log_delta / n);
  else if (log_delta < -Math.LN2) p = k / n - ((n - k) / n) * Math.expm1(-tailRoot(k, n, log_delta));
  else {
    var other = Math.log(-Math.expm1(log_delta));
    var rest = n - k - 1;
    p = rest > 0 ? ((k + 1) / n) * Math.exp(-tailRoot(rest, n, other)) : Math.exp(other / n);
  }
  return Math.min(p + p * SLACK, 1);
}

function log_star(n) {
  if (!(n >= 1 && n < Infinity)) refuse("log_star(" + n + "): give an integer >= 1");
  var total = Math.log2(LOG_STAR_CONSTANT);
  for (var x = n; x > 1; ) {
    x = Math.log2(x);
    if (x > 0) total += x;
  }
  return total + total * 9e-16;
}

function log1p(x) {
  return Math.log1p(x);
}

function ceiling(x) {
  return Math.ceil(x);
}

function minimum(x, y) {
  return Math.min(x, y);
}

function maximum(x, y) {
  return Math.max(x, y);
}

function power_of_two(x) {
  return Math.pow(2, x);
}

function psi(u) {
  if (!(u > -1 && u < Infinity)) refuse("psi(" + u + "): give a number > -1");
  var value = -log1pmx(u);
  return value + value * 2e-15;
}

function phi_inverse(gamma, x) {
  if (!(gamma > 0 && gamma < Infinity && x >= 0)) {
    refuse("phi_inverse(" + gamma + ", " + x + "): give gamma > 0 and x >= 0");
  }
  // a tiny product may have lost bits to underflow; there the numerator is gamma x to full precision
  var value = x * (gamma > 1e-17 ? gamma / -Math.expm1(-gamma) : 1);
  if (gamma * x >= 1e-17) value = Math.expm1(-gamma * x) / Math.expm1(-gamma);
  return value + value * 2e-15;
}

function log_xi(n) {
  if (!(isWhole(n) && n >= 1)) refuse("log_xi(" + n + "): give an integer >= 1");
  var q = 1;
  if (n < 160) {
    for (var j = n - 1; j > 0; j--) q = 1 + (1 - j / n) * q;
  } else {
    var i = 1 / n;
    var d = 17984 / 12629925 + (i * 668288) / 492567075;
    d = 2 / 3 + (8 / 135 - (16 / 2835 + (32 / 8505 - d * i) * i) * i) * i;
    q = (Math.sqrt(2 * Math.PI * n) * Math.exp(stirlingError(n)) - d) / 2;
  }
  var value = Math.log1p(q);
  return value + value * 6e-16;
}

function log_choose(n, k) {
  if (!(isWhole(n) && isWhole(k) && k >= 0 && k <= n)) {
    refuse("log_choose(" + n + ", " + k + "): give integers 0 <= k <= n");
  }
  if (k === 0 || k === n) return 0;
  var m = Math.min(k, n - k);
  var value = peak(m, n) - m * Math.log(m / n) - (n - m) * Math.log1p(-m / n);
  return value + value * 1.5e-15;
}

function log_peak(k, n) {
  if (!(isWhole(n) && n >= 1 && k >= 0 && k <= n)) {
    refuse("log_peak(" + k + ", " + n + "): give 0 <= k <= n and an integer n >= 1");
  }
  if (k === 0 || k === n) return 0;
  var value = peak(k, n);
  return value - value * 1e-14;
}

function scenario_inverse(k, n, log_delta) {
  if (!(isWhole(k) && isWhole(n) && k >= 0 && k <= n && n >= 1 && log_delta <= 0)) {
    refuse(
      "scenario_inverse(" + k + ", " + n + ", " + log_delta + "): give integers 0 <= k <= n, n >= 1 and " +
      "log_delta <= 0 (the logarithm of a probability)"
    );
  }
  if (k === n || log_delta === -Infinity) return 1;
  var p = -Math.expm1(-scenarioRoot(k, n, log_delta));
  return Math.min(p + p * SLACK, 1);
}

// the least value of a function over the integers from low to high
function minimum_over(body, low, high) {
  if (!(isWhole(low) && isWhole(high))) refuse("minimum_over(" + low + ", " + high + "): give integers low and high");
  if (high - low >= MOST_STEPS) {
    refuse("minimum_over from " + low + " to " + high + ": give at most " + MOST_STEPS + " integers");
  }
  var least = Infinity;
  for (var j = low; j <= high; j++) least = Math.min(least, body(j));
  return least;
}

// the least value of a function at the points of a golden-section search on [low, high]
function infimum_over(body, low, high) {
  if (!(isFinite(low) && isFinite(high) && low <= high)) {
    refuse("infimum_over(" + low + ", " + high + "): give finite low <= high");
  }
  var a = low;
  var b = high;
  var x = b - GOLDEN * (b - a);
  var y = a + GOLDEN * (b - a);
  var atX = body(x);
  var atY = body(y);
  var least = Math.min(body(a), body(b), atX, atY);
  for (var i = 0; i < 200; i++) {
    if (atX <= atY) {
      b = y;
      y = x;
      atY = atX;
      x = b - GOLDEN * (b - a);
      atX = body(x);
    } else {
      a = x;
      x = y;
      atX = atY;
      y = a + GOLDEN * (b - a);
      atY = body(y);
    }
    least = Math.min(least, atX, atY);
    if (b - a <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))) break;
  }
  return least;
}

function isWhole(x) {
  return isFinite(x) && x === Math.floor(x);
}

// ln(1+x) - x without cancellation, for x > -1
function log1pmx(x) {
  var y = x / (2 + x);
  if (Math.abs(y) > 0.25) return Math.log1p(x) - x;
  var z = y * y;
  var series = 0;
  for (var odd = 25; odd > 1; odd -= 2) series = series * z + 1 / odd;
  return y * (2 * z * series - x);
}

// kl(q || p) at 1 - p = qc e^-t
function klAbove(q, qc, t) {
  var w = -Math.expm1(-t);
  var x = w * (qc / q);
  return w < 0.4 && x < 0.6 ? -qc * log1pmx(-w) - q * log1pmx(x) : qc * t - q * Math.log1p(x);
}

// the t with klAbove(q, qc, t) = c > 0, and w = 1 - e^-t
function klRoot(q, qc, c) {
  q = Math.max(q, 1e-307);
  c = Math.max(c, 1e-307);
  var scale = c / qc;
  var bend = (1 + qc) / 3;
  var t = bend * scale + Math.sqrt(scale) * Math.sqrt(2 * q + (1 - bend) * (1 - bend) * scale);
  var w = 1;
  for (var turn = 0; turn < 60 && t <= 1e100; turn++) {
    var value = klAbove(q, qc, t);
    w = -Math.expm1(-t);
    var rest = w < 0.5 ? 1 - w : Math.exp(-t);
    var odds = (qc * rest) / (q + qc * w);
    var i = 1 / (w * (qc / q));
    var h = (value - c) * (1 + i);
    var a = h * odds * i;
    var b = -h * (1 + 2 * odds);
    var d = (h * (6 - 3 * a)) / (6 - a * (6 - b));
    t -= d;
    if (Math.abs(d) <= 1e-4 * t) {
      w -= rest * d * (1 + d * (0.5 + d / 6));
      break;
    }
  }
  return { t: t, w: w };
}

function stirlingError(x) {
  var total = 0;
  for (; x < STEPS; x++) total += (x + 0.5) * Math.log1p(1 / x) - 1;
  var i = 1 / (x * x);
  return total + (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - i / 1188) * i) * i) * i) / x;
}

function stirlingSlope(x) {
  var total = 0;
  for (; x < STEPS; x++) total += Math.log1p(1 / x) - (x + 0.5) / (x * (x + 1));
  var i = 1 / (x * x);
  return total - (1 / 12 - (1 / 120 - (1 / 252 - (1 / 240 - i / 132) * i) * i) * i) * i;
}

// Stirling's error at x + m less that at x >= 1/2
function stirlingRise(x, m) {
  if (m > 1 / 16) return stirlingError(x + m) - stirlingError(x);
  var total = 0;
  for (var i = 0; i < SHORT.length; i++) total += SHORT[i].weight * stirlingSlope(x + m * SHORT[i].at);
  return m * total;
}

// ln P[Binomial(n, k/n) = k] for 0 < k < n
function peak(k, n) {
  var m = Math.min(k, n - k);
  if (m >= 1) {
    var stirling = stirlingError(n) - stirlingError(m) - stirlingError(n - m);
    return stirling - 0.5 * Math.log(2 * Math.PI * m * ((n - m) / n));
  }
  var logFactorial = stirlingRise(STEPS, m) + (STEPS + 0.5) * Math.log1p(m / STEPS) - m;
  logFactorial += m * Math.log(STEPS + m);
  for (var j = 1; j <= STEPS; j++) logFactorial -= Math.log1p(m / j);
  return m * Math.log(m) - m - logFactorial + stirlingRise(n - m, m) - 0.5 * Math.log1p(-m / n);
}

// P[X <= k] / P[X = k], by Gauss and Legendre's rule on the incomplete beta integral
function tailOverMass(k, n, odds, points) {
  function g(s) {
    return (n - k) * s - k * Math.log1p(-odds * Math.expm1(-s));
  }
  var end = FAR / (Math.max(n - k - k * odds, 0) + Math.sqrt(FAR * k * odds * (1 + odds)));
  while (g(end) < FAR) end *= 1.5;
  var sum = 0;
  for (var i = 0; i < points.length; i++) sum += points[i].weight * Math.exp(-g(end * points[i].at));
  return (n - k) * end * sum;
}

// the t = ln((1 - k/n) / (1 - p)) where P[Binomial(n, p) <= k] = exp(log_delta) < 1/2
function tailRoot(k, n, log_delta) {
  var q = Math.max(k / n, 1e-307);
  var qc = (n - k) / n;
  var top = peak(k, n);
  var t = klRoot(q, qc, -log_delta / n).t;
  var fine = false;
  for (var i = 0; i < 60 && t <= 1e100; i++) {
    var odds = (qc * Math.exp(-t)) / (q - qc * Math.expm1(-t));
    var ratio = tailOverMass(k, n, odds, fine ? FINE : COARSE);
    var excess = top - n * klAbove(q, qc, t) + Math.log(ratio) - log_delta;
    var density = (n - k) / ratio;
    var slope = n - k - k * odds;
    var h = excess / density;
    var a = slope - density;
    var b = a * (slope - 2 * density) - k * odds * (1 + odds);
    var next = t + (h * (1 - (h * a) / 2)) / (1 - h * a + (h * h * b) / 6);
    var least = 0.5 * t;
    t = Math.max(next, least);
    if (fine && Math.abs(excess) <= 1e-4 && next >= least) break;
    fine = fine || Math.abs(excess) <= 0.1;
  }
  return t;
}

// logarithm of the left side over the right one of the equation of scenario_inverse, and its slope in t
function scenarioExcess(k, n, log_delta, t) {
  var p = -Math.expm1(-t);
  var odds = Math.exp(-t) / p;
  function logMass(m) {
    return k > 0 ? peak(k, m) - m * klAbove(k / m, (m - k) / m, t + Math.log1p(-k / m)) : -m * t;
  }
  function above(m, log_mass) {
    return 1 - Math.exp(log_mass) * (k > 0 ? tailOverMass(k, m, odds, FINE) : 1);
  }
  var more = 4 * n + 1;
  var inner = logMass(n);
  var outer = logMass(more);
  var left = above(n, inner) / 3 + above(more, outer) / 6;
  var right = Math.log1p(Math.exp(log_delta) / (6 * n)) + Math.log(n * p) + inner;
  var rise = (((n - k) * Math.exp(inner)) / 3 + ((more - k) * Math.exp(outer)) / 6) / left;
  return { value: log_delta + Math.log(left) - right, slope: rise + (n + 1) - (k + 1) / p };
}

// t = -ln(1 - p) of the largest root of the equation of scenario_inverse
function scenarioRoot(k, n, log_delta) {
  var high = (Math.log(7 * n) - log_delta) / n;
  var low = 0;
  if (k > 0) {
    low = -Math.log1p(-k / n);
    high = low + klRoot(k / n, (n - k) / n, high).t;
  }
  var t = high;
  for (var i = 0; i < 200; i++) {
    var at = scenarioExcess(k, n, log_delta, t);
    if (at.value > 0) high = t;
    else low = t;
    var next = t - at.value / at.slope;
    if (Math.abs(next - t) <= 1e-15 * t || !(low < high)) return Math.max(t, next);
    t = low < next && next < high ? next : (low + high) / 2;
  }
  return high;
}

// Gauss and Legendre's rule in v, as points v (linear + (1 - linear) v) of [0, 1] and weights; the nodes by
// Newton's method on Legendre's polynomial
function rule(size, linear) {
  var points = [];
  for (var i = 0; i < size; i++) {
    var x = Math.cos((Math.PI * (i + 0.75)) / (size + 0.5));
    var slope = 1;
    for (var turn = 0; turn < 8; turn++) {
      var before = 1;
      var value = x;
      for (var j = 2; j <= size; j++) {
        var next = ((2 * j - 1) * x * value - (j - 1) * before) / j;
        before = value;
        value = next;
      }
      slope = (size * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    var v = (1 + x) / 2;
    var weight = (linear + 2 * (1 - linear) * v) / ((1 - x * x) * slope * slope);
    points.push({ at: v * (linear + (1 - linear) * v), weight: weight });
  }
  return points;
}

if (typeof module !== "undefined") {
  module.exports = {
    kl: kl,
    kl_inverse: kl_inverse,
    kl_inverse_lower: kl_inverse_lower,
    binomial_tail_inverse: binomial_tail_inverse,
    power_of_two: power_of_two,
    log_star: log_star,
    log1p: log1p,
    ceiling: ceiling,
    minimum: minimum,
    maximum: maximum,
    psi: psi,
    phi_inverse: phi_inverse,
    log_xi: log_xi,
    log_choose: log_choose,
    log_peak: log_peak,
    scenario_inverse: scenario_inverse,
    minimum_over: minimum_over,
    infimum_over: infimum_over
  };
}
