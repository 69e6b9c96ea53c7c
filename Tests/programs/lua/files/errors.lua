-- Errors: raised, caught, raised again, out of every kind of frame.
print(pcall(error, "message", 0))
print(pcall(error, { code = 7 }) == false)
print(select("#", pcall(function() return 1, 2, 3 end)))

-- Through many frames of Lua and C (table.sort, string.gsub, metamethods).
local function deep(n) if n == 0 then error("deep", 0) end return 1 + deep(n - 1) end
print(pcall(deep, 1000))
print(pcall(table.sort, { 3, 2, 1 }, function() error("in sort", 0) end))
print(pcall(string.gsub, "abc", ".", function(c) if c == "c" then error("in gsub", 0) end end))
local object = setmetatable({}, {
  __add = function() error("in add", 0) end,
  __index = function(_, key) error("no " .. key, 0) end,
  __close = function(_, err) print("closed with", err) end,
})
print(pcall(function() return object + 1 end))
print(pcall(function() return object.field end))
print(pcall(function() local c <close> = object; error("leaving", 0) end))

-- Handlers, tracebacks, errors in handlers.
print(xpcall(deep, function(e) return e .. " handled" end, 3))
print((select(2, xpcall(deep, debug.traceback, 2))):match("stack traceback"))
print(xpcall(deep, function(e) error("again", 0) end, 1))

-- Nested protected calls: each level adds to the message.
local function nest(n)
  if n == 0 then error("core", 0) end
  local ok, e = pcall(nest, n - 1)
  error(e .. n % 10, 0)
end
print(pcall(nest, 150))

-- Coroutines: an error ends one, a pcall around a yield resumes.
local co = coroutine.create(function(a)
  local ok, e = pcall(function()
    local b = coroutine.yield(a + 1)
    error("got " .. b, 0)
  end)
  coroutine.yield(e)
  error("the end", 0)
end)
print(coroutine.resume(co, 1))
print(coroutine.resume(co, 2))
print(coroutine.resume(co))
print(coroutine.resume(co), coroutine.status(co))
print(pcall(coroutine.wrap(function() error("wrapped", 0) end)))

-- Syntax errors, stack overflow, memory of nothing.
print(load("x ="))
print((select(2, pcall(function() local function f() return 1 + f() end return f() end))):match("stack overflow"))
print((select(2, pcall(string.rep, "x", 1 << 40))))

-- Many.
local caught = 0
for i = 1, 200000 do
  if not pcall(error, i) then caught = caught + 1 end
end
print(caught)
