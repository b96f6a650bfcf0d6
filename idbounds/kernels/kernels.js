// The words on JavaScript numbers: the algorithms of floats.py, returned on the safe side in the same way.
// No imports and no module system: this file is concatenated into a page, where Math.log and Math.sqrt are
// the other two words. Reference for every comment that is not here: idbounds/kernels/floats.py.
"use strict";

var LOG_STAR_CONSTANT = 2.8651084158399077;
var EPSILON = 2.220446049250313e-16;
var FAR = 39;
var SLACK = 4e-13;
var GAUSS = gaussLegendre(64);

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
  return klOfCoins(coin(q), coin(p));
}

function kl_inverse(q, c) {
  checkRate(q);
  checkCost(c);
  if (c === 0) return q;
  var p = -Math.expm1(-newtonRoot(coin(q), c));
  return Math.min(Math.max(p + p * 5.6e-16, q), 1);
}

function kl_inverse_lower(q, c) {
  checkRate(q);
  checkCost(c);
  if (c === 0) return q;
  var a = coin(q);
  var t = Math.min(newtonRoot({ p: a.pc, pc: a.p, logP: a.logPc, logPc: a.logP }, c), 800);
  var p = Math.exp(-t) * (1 - 4 * EPSILON * (1 + t));
  return p < 1e-300 ? 0 : Math.min(p, q);
}

function binomial_tail_inverse(k, n, log_delta) {
  if (!(k >= 0 && k <= n && n >= 1 && n < Infinity && log_delta <= 0)) {
    refuse(
      "binomial_tail_inverse(" + k + ", " + n + ", " + log_delta + "): give 0 <= k <= n, n >= 1 and " +
      "log_delta <= 0 (log_delta is the logarithm of a probability)"
    );
  }
  if (k === n || k > n - 1 || log_delta === -Infinity) return 1;
  if (log_delta === 0) return 0;
  var p;
  if (k === 0) p = -Math.expm1(log_delta / n);
  else if (log_delta < -Math.LN2) p = -Math.expm1(tailRoot(k, n, log_delta));
  else p = Math.exp(tailRoot(n - k - 1, n, Math.log(-Math.expm1(log_delta))));
  return Math.min(p * (1 + SLACK), 1);
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

// ln(1+x) - x without cancellation: with y = x/(2+x), ln(1+x) = 2 atanh(y) and 2y - x = -x y
function log1pmx(x) {
  var y = x / (2 + x);
  if (!(Math.abs(y) <= 0.5)) return Math.log1p(x) - x;
  var square = y * y;
  var series = 0;
  for (var odd = 57; odd > 1; odd -= 2) series = series * square + 1 / odd;
  return -x * y + 2 * y * square * series;
}

// a rate with its complement and both logarithms, each to full relative precision
function coin(p) {
  return { p: p, pc: 1 - p, logP: Math.log(p), logPc: Math.log1p(-p) };
}

function coinAt(t) {
  var p = -Math.expm1(-t);
  var pc = Math.exp(-t);
  return { p: p, pc: pc, logP: pc < 0.5 ? Math.log1p(-pc) : Math.log(p), logPc: -t };
}

function coinOfRatio(k, n) {
  var p = k / n;
  var pc = (n - k) / n;
  return {
    p: p,
    pc: pc,
    logP: p < 0.5 ? Math.log(p) : Math.log1p(-pc),
    logPc: p < 0.5 ? Math.log1p(-p) : Math.log(pc)
  };
}

function gapOf(a, b) {
  return a.p <= 0.5 || b.p <= 0.5 ? b.p - a.p : a.pc - b.pc;
}

function timesLog(x, y, logX, logY) {
  if (!(x > 0)) return 0;
  return x * (x <= 0.5 && y > 1e-307 ? Math.log(x / y) : logX - logY);
}

function klOfCoins(a, b) {
  var r = gapOf(a, b);
  var x = r / a.p;
  var y = -r / a.pc;
  if (Math.min(x, y) > -0.6 && Math.max(x, y) < 2) return -a.p * log1pmx(x) - a.pc * log1pmx(y);
  return timesLog(a.p, b.p, a.logP, b.logP) + timesLog(a.pc, b.pc, a.logPc, b.logPc);
}

// t = -ln(1 - p) at the upper inverse of kl(a || p) = c, approached from above
function newtonRoot(a, c) {
  if (a.p === 0) return c;
  if (a.pc === 0) return Infinity;
  var entropy = -(a.p * a.logP + a.pc * a.logPc);
  var gap = Math.sqrt(c) * Math.min(Math.sqrt(c) + Math.sqrt(c + 2 * a.p), Math.sqrt(Math.min(0.5, 2 * a.pc)));
  var t = (c + entropy) / a.pc;
  if (gap < a.pc) t = Math.min(t, -a.logPc - Math.log1p(-gap / a.pc));
  if (t === Infinity) return t;
  for (var i = 0; i < 60; i++) {
    var b = coinAt(t);
    var step = (klOfCoins(a, b) - c) * (b.p / gapOf(a, b));
    if (!isFinite(step)) break;
    t -= Math.max(step, -1e-15 * t);
    if (!(step > 2e-16 * t)) break;
  }
  return t;
}

function stirlingError(x) {
  var shifted = x < 16 ? x + 16 : x;
  var i = 1 / (shifted * shifted);
  var sum = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - i / 1188) * i) * i) * i) / shifted;
  if (x < 16) for (var j = 0; j < 16; j++) sum += (x + j + 0.5) * Math.log1p(1 / (x + j)) - 1;
  return sum;
}

function logMass(k, n, b) {
  var rate = coinOfRatio(k, n);
  var stirling = stirlingError(n) - stirlingError(k) - stirlingError(n - k);
  return stirling - 0.5 * Math.log(2 * Math.PI * k * rate.pc) - n * klOfCoins(rate, b);
}

// u = ln(1 - p) where P[Binomial(n, p) <= k] = exp(log_delta) <= 1/2
function tailRoot(k, n, log_delta) {
  if (k === 0) return log_delta / n;
  var u = -newtonRoot(coinOfRatio(k, n), -log_delta / n);
  for (var i = 0; i < 50; i++) {
    var b = coinAt(-u);
    var ratio = tailOverMass(k, n, b.pc / b.p);
    var step = ((log_delta - logMass(k, n, b) - Math.log(ratio)) * ratio) / (n - k);
    u = Math.min(u + step, 0);
    if (Math.abs(step) <= 1e-15 * Math.abs(u)) break;
  }
  return u;
}

// P[X <= k] / P[X = k], by Gauss and Legendre's rule on the incomplete beta integral
function tailOverMass(k, n, odds) {
  function g(s) {
    return (n - k) * s - k * Math.log1p(-odds * Math.expm1(-s));
  }
  var end = FAR / (Math.max(n - k - k * odds, 0) + Math.sqrt(FAR * k * odds * (1 + odds)));
  while (g(end) < FAR) end *= 1.5;
  var sum = 0;
  for (var i = 0; i < GAUSS.nodes.length; i++) sum += GAUSS.weights[i] * Math.exp(-g(end * GAUSS.nodes[i]));
  return (n - k) * end * sum;
}

// nodes and weights on [0, 1]: Newton's method on Legendre's polynomial
function gaussLegendre(size) {
  var nodes = [];
  var weights = [];
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
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes: nodes, weights: weights };
}

if (typeof module !== "undefined") {
  module.exports = {
    kl: kl,
    kl_inverse: kl_inverse,
    kl_inverse_lower: kl_inverse_lower,
    binomial_tail_inverse: binomial_tail_inverse,
    log_star: log_star
  };
}
