// Every way in and out of try, catch and finally.
function attempt(f) {
  try { return "value " + f(); } catch (e) { return "caught " + e; }
}
print(attempt(function () { return 1; }));
print(attempt(function () { throw "string"; }));
print(attempt(function () { throw new RangeError("range"); }));
print(attempt(function () { return undefined.x; }));
print(attempt(function () { return unknownName; }));
print(attempt(function () { return JSON.parse("{bad"); }));
print(attempt(function () { return eval("1 +"); }));
print(attempt(function () { return [3, 1, 2].sort(function () { throw "in sort"; }); }));
print(attempt(function () { return "abc".replace(/b/, function () { throw "in replace"; }); }));
print(attempt(function () { return new RegExp("("); }));

var order = [];
function leave(how) {
  for (var i = 0; i < 2; ++i) {
    try {
      order.push("try" + i);
      if (how == "return") return "returned";
      if (how == "break") break;
      if (how == "continue") continue;
      if (how == "throw") throw "thrown";
    } finally {
      order.push("finally" + i);
    }
  }
  return "end";
}
["return", "break", "continue", "throw"].forEach(function (how) {
  order = [];
  print(how, attempt(function () { return leave(how); }), order.join(" "));
});

function nested(n) {
  if (n == 0) throw new Error("bottom");
  try { nested(n - 1); } catch (e) { e.message += n % 10; throw e; }
}
print(attempt(function () { nested(30); }));
function deep(n) { if (n == 0) throw "deep"; return 1 + deep(n - 1); }
print(attempt(function () { return deep(50); }));
function forever() { return 1 + forever(); }
print(attempt(forever));

var getter = { get x() { throw "in getter"; }, toString: function () { throw "in toString"; } };
print(attempt(function () { return getter.x; }));
print(attempt(function () { return "" + getter; }));

var caught = 0;
for (var i = 0; i < 100000; ++i) {
  try { throw i; } catch (e) { caught += e == i; }
}
print(caught);
