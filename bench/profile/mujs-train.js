// What MuJS is profiled by: another program than the one that is measured.
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
var numbers = [];
for (var i = 0; i < 20000; i++) numbers.push((i * 7919) % 100003);
numbers.sort(function (a, b) { return a - b });
var sums = {};
for (var i = 0; i < 20000; i++) sums['k' + i % 1000] = (sums['k' + i % 1000] || 0) + numbers[i];
var text = '';
for (var i = 0; i < 2000; i++) text += String.fromCharCode(97 + i % 26);
var found = 0, pattern = /a(b|c)d?/g;
while (pattern.exec(text) !== null) found++;
print(fib(18), sums.k7, found, JSON.stringify(sums).length);
