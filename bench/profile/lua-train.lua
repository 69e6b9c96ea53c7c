-- What Lua is profiled by: another program than the one that is measured.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local numbers = {}
for i = 1, 50000 do numbers[i] = (i * 7919) % 100003 end
table.sort(numbers)
local sum = 0
for i = 1, #numbers do sum = sum + numbers[i] * i % 17 end
local parts = {}
for i = 1, 20000 do parts[#parts + 1] = string.format("%d:%s", i, ("x"):rep(i % 7)) end
local text = table.concat(parts, ",")
local found = 0
for word in text:gmatch("(%d+):x+") do found = found + tonumber(word) end
local twice = setmetatable({}, { __index = function(_, key) return key * 2 end })
for i = 1, 100000 do sum = sum + twice[i] end
print(fib(22), sum, found, #text)
