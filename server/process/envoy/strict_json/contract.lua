-- Judges the requests of the JSON paths before they are made into messages: Envoy's transcoder drops a field of a body
-- that no message has, and says of a wrong value neither which field it was nor what would be right.
--
-- One script in four files, which __init__.py puts together: contract.lua, values.lua, body.lua, request.lua. After
-- them it adds the contract: which fields each message has, and which path is which method's. A body is read once,
-- from the front; nothing is built but the set of keys of each object.

local byte, find, sub, format, concat = string.byte, string.find, string.sub, string.format, table.concat

local MAX_DEPTH = 64
local MAX_STEPS = 50000 -- values, keys and escaped quotes: 15 ms of this thread, which others wait for
local MAX_VIOLATIONS = 20
local MAX_NAME, MAX_TEXT, MAX_MESSAGE = 1000, 200, 1000

local LANGUAGES = {} -- by language, what the sentences marked by N_ are in it; without English

-- Marks a sentence that people read, with its blanks in braces: locale/*.po has it in other languages.
local function N_(english) return english end

-- ── The contract ────────────────────────────────────────────────────────────────────────────────────────

local messages = {}
local root = {literals = {}}
local exact = {} -- by verb and path, where the path has no variables
local literal = {} -- the same paths, whatever the verb: no variable of another path stands for one
local ANYTHING = {kind = "any"}
local NOTHING = {kind = "message", fields = {}}

local function message(number)
  messages[number] = messages[number] or {}
  return messages[number]
end

local function field(owner, proto_name, json_name, rule)
  rule.name = proto_name
  message(owner)[proto_name] = rule
  message(owner)[json_name] = rule
end

local function route(verb, path, binding)
  local node, variables = root, nil
  local index = 0
  for segment in string.gmatch(path, "[^/]+") do
    index = index + 1
    local variable = string.match(segment, "^{(.*)}$")
    if variable then
      variables = variables or {}
      variables[index] = variable
      node.variable = node.variable or {literals = {}}
      node = node.variable
    else
      node.literals[segment] = node.literals[segment] or {literals = {}}
      node = node.literals[segment]
    end
  end
  binding.variables = variables
  node.verbs = node.verbs or {}
  node.verbs[verb] = binding
  if not variables then
    exact[verb] = exact[verb] or {}
    exact[verb][path] = binding
    literal[path] = true
  end
end

-- ── What is found wrong ─────────────────────────────────────────────────────────────────────────────────

-- Of the request that is being judged; judging never yields, so that one at a time is.
local text, position, steps, violations
local top, fixed -- how deep the fields of the body's message are, and what the path says of them
local trail = {} -- the keys and indexes on the way to the value, as in items[2].quantity
local changed -- of PATCH: the fields of the body's message that it names
local masked -- whether the query has a mask

local ENOUGH = {} -- ends the judging: more would tell nobody more

local function malformed(problem, facts)
  error({malformed = problem, facts = facts}, 0)
end

local function step()
  steps = steps + 1
  if steps > MAX_STEPS then
    malformed(N_"it holds more values than any request needs")
  end
end

local function where(depth)
  local parts = {}
  for level = 1, depth do
    local part = trail[level]
    parts[level] = type(part) == "number" and "[" .. part .. "]" or (level > 1 and "." or "") .. part
  end
  local path = concat(parts)
  return path ~= "" and path or "request"
end

-- `reason` is a FieldReason of the contract; `facts` fill the blanks of the sentence.
local function complain(path, reason, sentence, facts)
  violations[#violations + 1] = {path = path, reason = reason, sentence = sentence, facts = facts}
  if #violations == MAX_VIOLATIONS then error(ENOUGH, 0) end
end

local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local change = byte(a, i) == byte(b, j) and 0 or 1
      row[j] = math.min(row[j] + 1, row[j - 1] + 1, diagonal + change)
      diagonal = above
    end
  end
  return row[#b]
end

local function complain_of_unknown(path, fields, key)
  local names, nearest, least = {}, nil, 3
  for name, rule in pairs(fields) do
    if name == rule.name then names[#names + 1] = name end
    if #key < 64 then
      local away = distance(key, name)
      local nearer = away < least or (away == least and nearest and rule.name < nearest)
      if nearer and away < #key then nearest, least = rule.name, away end
    end
  end
  table.sort(names)
  if nearest then
    complain(path, "FIELD_UNKNOWN", N_"there is no such field; did you mean \"{nearest}\"?", {nearest = nearest})
  elseif #names == 0 then
    complain(path, "FIELD_UNKNOWN", N_"there is no such field; nothing is expected here")
  else
    local facts = {names = concat(names, ", ")}
    complain(path, "FIELD_UNKNOWN", N_"there is no such field; these are known: {names}", facts)
  end
end
