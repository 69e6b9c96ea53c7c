-- Floats, integers, strings, tables, closures, garbage: printed exactly.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print("fib", fib(24))

local sieve, primes = {}, 0
for i = 2, 50000 do
  if not sieve[i] then
    primes = primes + 1
    for j = i * i, 50000, i do sieve[j] = true end
  end
end
print("primes", primes)

local x, y = 0.1, 0.2
for i = 1, 100000 do x, y = math.sin(x + y) * 1.5, math.cos(x * y) - i / 1e5 end
print(string.format("floats %.17g %.17g %a", x, y, x))
print("integers", 0x7fffffffffffffff + 1, 7 // -2, -7 % 3, 1 << 63, math.tointeger(3.0), 2^53)

local function counter(step) local n = 0 return function() n = n + step return n end end
local twos, threes = counter(2), counter(3)
print("closures", twos(), twos(), threes(), twos(), select("#", twos(), nil, nil), load("return 6 * 7")())

local parts = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do parts[#parts + 1] = word:upper() end
table.sort(parts, function(a, b) return #a == #b and a < b or #a < #b end)
print(table.concat(parts, " "), (("x"):rep(1000)):gsub("x", "yz"):len())

local object = setmetatable({}, { __index = function(_, key) return key .. "!" end, __call = function(_, a) return a * 2 end })
print(object.hello, object(21))

local garbage = 0
for i = 1, 200000 do local t = { i, tostring(i) } garbage = garbage + #t[2] end
collectgarbage()
print("garbage", garbage, collectgarbage("count") < 20000)
print(string.pack("<i4d", -2, 0.5):byte(1, -1))
