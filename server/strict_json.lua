-- Judges the requests of the JSON paths before they are made into messages: Envoy's transcoder drops a field of a body
-- that no message has, and says of a wrong value neither which field it was nor what would be right.
--
-- server/strict_json.py adds the contract below: which fields each message has, and which path is which method's.
-- A body is read once, from the front; nothing is built but the set of keys of each object.

local byte, find, sub, format, concat = string.byte, string.find, string.sub, string.format, table.concat

local MAX_DEPTH = 64
local MAX_STEPS = 50000 -- values, keys and escaped quotes: 15 ms of this thread, which others wait for
local MAX_VIOLATIONS = 20
local MAX_TEXT, MAX_MESSAGE = 200, 1000

-- ── The contract ────────────────────────────────────────────────────────────────────────────────────────

local messages = {}
local root = {literals = {}}
local exact = {} -- by verb and path, where the path has no variables
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
  end
end

-- ── What is found wrong ─────────────────────────────────────────────────────────────────────────────────

-- Of the request that is being judged; judging never yields, so that one at a time is.
local text, position, steps, violations
local top, fixed -- how deep the fields of the body's message are, and what the path says of them
local trail = {} -- the keys and indexes on the way to the value, as in items[2].quantity

local function malformed(why)
  error({malformed = why}, 0)
end

local function step()
  steps = steps + 1
  if steps > MAX_STEPS then
    malformed("it holds more values than any request needs")
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

local function complain(path, sentence)
  if #violations < MAX_VIOLATIONS then
    violations[#violations + 1] = {path, sentence}
  end
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

local function unknown(fields, key)
  local names, nearest, least = {}, nil, 3
  for name, rule in pairs(fields) do
    if name == rule.name then names[#names + 1] = name end
    if #key < 64 then
      local away = distance(key, name)
      if away < least and away < #key then nearest, least = name, away end
    end
  end
  table.sort(names)
  if nearest then
    return format('there is no such field; did you mean "%s"?', nearest)
  elseif #names == 0 then
    return "there is no such field; nothing is expected here"
  end
  return "there is no such field; these are known: " .. concat(names, ", ")
end

-- ── Values ──────────────────────────────────────────────────────────────────────────────────────────────

local MUST = {
  string = "must be text",
  bytes = "must be text in base64",
  bool = "must be true or false",
  int32 = "must be a whole number from -2147483648 to 2147483647",
  uint32 = "must be a whole number from 0 to 4294967295",
  int64 = "must be a whole number from -9223372036854775808 to 9223372036854775807",
  uint64 = "must be a whole number from 0 to 18446744073709551615",
  double = "must be a number",
  time = "must be a time, such as 2026-01-31T12:00:00Z",
  duration = "must be a time in seconds, such as 3.5s",
  mask = "must be names of fields, with commas between them",
  message = "must be an object",
  object = "must be an object",
  map = "must be an object",
}

local function must(rule)
  return rule.kind == "enum" and "must be one of " .. rule.names or MUST[rule.kind]
end

local LAST = {
  int32 = {"2147483647", "2147483648"},
  uint32 = {"4294967295", "0"},
  int64 = {"9223372036854775807", "9223372036854775808"},
  uint64 = {"18446744073709551615", "0"},
}

local function is_whole(kind, digits)
  if #digits < 10 and find(digits, "^%d+$") then return true end
  local minus, figures = string.match(digits, "^(%-?)0*(%d+)$")
  if not figures then return false end
  local last = LAST[kind][minus == "" and 1 or 2]
  return #figures < #last or (#figures == #last and figures <= last)
end

local DAYS = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

local function is_time(value)
  local year, month, day, hour, minute, second, rest =
    string.match(value, "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$")
  if not year then return false end
  local fraction, zone = string.match(rest, "^(%.?%d*)(.*)$")
  if fraction ~= "" and not find(fraction, "^%.%d%d?%d?%d?%d?%d?%d?%d?%d?$") then return false end
  if zone ~= "Z" and not find(zone, "^[+-]%d%d:%d%d$") then return false end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return year > 0 and DAYS[month] ~= nil and day > 0 and day <= DAYS[month] and (month ~= 2 or day < 29 or leap)
    and tonumber(hour) < 24 and tonumber(minute) < 60 and tonumber(second) < 60
end

-- What a text may say where a field is of some kind
local function any_text() return true end
local function whole_text(rule, value) return is_whole(rule.kind, value) end
local TEXT = {
  any = any_text,
  string = any_text,
  mask = any_text,
  bytes = function(_, value) return find(value, "^[%w+/_-]*=*$") end,
  int32 = whole_text, uint32 = whole_text, int64 = whole_text, uint64 = whole_text,
  double = function(_, value)
    return value == "NaN" or value == "Infinity" or value == "-Infinity"
      or (find(value, "^%-?%d+%.?%d*[eE]?[+-]?%d*$") and tonumber(value))
  end,
  enum = function(rule, value)
    return rule.values[string.gsub(string.upper(value), "-", "_")] or is_whole("int32", value)
  end,
  time = function(_, value) return is_time(value) end,
  duration = function(_, value) return find(value, "^%-?%d+%.?%d*s$") end,
}

local function whole_number(rule, value)
  local kind = rule.kind == "enum" and "int32" or rule.kind
  if is_whole(kind, value) then return true end
  local number = tonumber(value) -- 2.0 and 1e3 are whole too
  return find(value, "[.eE]") and number and number % 1 == 0 and math.abs(number) < 2 ^ 53
    and is_whole(kind, format("%.0f", number))
end
local NUMBER = {
  any = any_text, double = any_text, enum = whole_number,
  int32 = whole_number, uint32 = whole_number, int64 = whole_number, uint64 = whole_number,
}

local PLAIN = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/"}

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local function unescaped(raw)
  if not find(raw, "\\", 1, true) then return raw end
  raw = string.gsub(raw, "\\u(%x%x%x%x)", function(code)
    -- A backslash or quote made so must not be taken for the beginning of an escape below.
    local number = tonumber(code, 16)
    return number == 92 and "\\\\" or number == 34 and '\\"' or utf8_of(number)
  end)
  return (string.gsub(raw, "\\(.)", PLAIN))
end

-- ── One pass over the body ──────────────────────────────────────────────────────────────────────────────

local function peek()
  local code = byte(text, position)
  if code and code > 32 then return code end
  position = find(text, "[^ \t\r\n]", position) or #text + 1
  code = byte(text, position)
  if not code then malformed("it ends too early") end
  return code
end

-- The content of the text that begins here, as it was sent
local function quoted()
  local first = position + 1
  local last = first
  while true do
    last = find(text, '"', last, true)
    if not last then malformed("a text does not end") end
    local before = last - 1
    while byte(text, before) == 92 do before = before - 1 end
    if (last - before) % 2 == 1 then break end
    step()
    last = last + 1
  end
  position = last + 1
  return sub(text, first, last - 1)
end

local function number()
  local first = position
  local _, last = find(text, "^%-?%d+", first)
  if not last then malformed(format("byte %d is not the beginning of a value", first)) end
  if find(text, "^%-?0%d", first) then malformed(format("the number at byte %d begins with 0", first)) end
  local _, fraction = find(text, "^%.%d+", last + 1)
  last = fraction or last
  local _, exponent = find(text, "^[eE][+-]?%d+", last + 1)
  position = (exponent or last) + 1
  return sub(text, first, position - 1)
end

local function word()
  local _, last = find(text, "^%l+", position)
  local found = last and sub(text, position, last)
  if found ~= "true" and found ~= "false" and found ~= "null" then
    malformed(format("byte %d is not the beginning of a value", position))
  end
  position = last + 1
  return found
end

local value

local function list(rule, depth)
  local free = rule.kind == "any"
  local item, count = free and ANYTHING or rule.item, 0
  position = position + 1
  if peek() == 93 then position = position + 1 return end
  while true do
    trail[depth] = count
    count = count + 1
    if rule.most and count == rule.most + 1 then
      complain(where(depth - 1), format("must have at most %d entries", rule.most))
    end
    if not free and peek() == 110 then
      word()
      complain(where(depth), "must not be null")
    else
      value(item, depth)
    end
    local code = peek()
    position = position + 1
    if code == 93 then return end
    if code ~= 44 then malformed(format("byte %d should be a comma or a bracket", position - 1)) end
  end
end

local function entry(rule, key, seen, depth)
  if rule.kind ~= "message" then
    local item = rule.item or ANYTHING
    trail[depth] = key
    if rule.item and peek() == 110 then
      word()
      return complain(where(depth), "must not be null")
    end
    return value(item, depth)
  end
  local found = rule.fields[key]
  trail[depth] = key
  if not found then
    complain(where(depth), unknown(rule.fields, key))
    return value(ANYTHING, depth)
  end
  if seen[found] then
    complain(where(depth), "is given twice")
  end
  seen[found] = true
  if depth == top and fixed and fixed[found.name] then
    peek()
    local first, before = position, #violations
    value(found, depth)
    local sent = string.match(sub(text, first, position - 1), '^"?(.-)"?$')
    if #violations == before and sent ~= fixed[found.name] and sent ~= "null" then
      complain(where(depth), format("is %s in the path", fixed[found.name]))
    end
    return
  end
  local choice = found.choice
  if choice and peek() ~= 110 then
    if seen[choice] and seen[choice] ~= key then
      complain(where(depth), format('cannot be given together with "%s"', seen[choice]))
    end
    seen[choice] = key
  end
  return value(found, depth)
end

local function object(rule, depth)
  local seen = {}
  position = position + 1
  if peek() == 125 then position = position + 1 return end
  while true do
    if peek() ~= 34 then malformed(format("byte %d should be a name in quotes", position)) end
    step()
    local key = unescaped(quoted())
    if peek() ~= 58 then malformed(format("byte %d should be a colon", position)) end
    position = position + 1
    if rule.kind ~= "message" then
      if seen[key] then
        trail[depth] = key
        complain(where(depth), "is given twice")
      end
      seen[key] = true
    end
    entry(rule, key, seen, depth)
    local code = peek()
    position = position + 1
    if code == 125 then return end
    if code ~= 44 then malformed(format("byte %d should be a comma or a brace", position - 1)) end
  end
end

local OBJECT = {any = true, object = true, message = true, map = true}

-- Read the value that comes next, and say what is wrong with it where `rule` is the field's. `depth` keys lead to it.
function value(rule, depth)
  step()
  if depth > MAX_DEPTH then malformed("it is nested too deeply") end
  local code = peek()
  if rule.kind == "list" then
    if code == 91 then return list(rule, depth + 1) end
    if code == 110 then word() return end
    complain(where(depth), "must be a list")
    rule = ANYTHING
  end
  local kind = rule.kind
  local right
  if code == 123 then
    if OBJECT[kind] then return object(rule, depth + 1) end
    object(ANYTHING, depth + 1)
  elseif code == 91 then
    if kind == "any" then return list(rule, depth + 1) end
    list(ANYTHING, depth + 1)
  elseif code == 34 then
    local judge = TEXT[kind]
    local raw = quoted()
    right = judge == any_text or (judge and judge(rule, unescaped(raw)))
  elseif code == 45 or (code >= 48 and code <= 57) then
    local judge = NUMBER[kind]
    local raw = number()
    right = judge and judge(rule, raw)
  else
    local found = word()
    right = found == "null" or kind == "bool" or kind == "any"
  end
  if not right then complain(where(depth), must(rule)) end
end

local function judge_body(binding, body)
  text, position = body, 1
  if not find(body, "[^ \t\r\n]") then return end
  trail[1], top = binding.inside, binding.inside and 2 or 1
  if peek() ~= 123 then
    malformed(binding.body == NOTHING and "none is expected here" or "it must be an object")
  end
  object(binding.body, top)
  if find(text, "[^ \t\r\n]", position) then malformed("something follows the object") end
end

-- ── Path and query ──────────────────────────────────────────────────────────────────────────────────────

local function decoded(raw)
  if not find(raw, "%", 1, true) then return raw end
  return (string.gsub(raw, "%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

local function decoded_query(raw)
  return decoded(find(raw, "+", 1, true) and string.gsub(raw, "+", " ") or raw)
end

local function named(fields, name)
  local rule
  for part in string.gmatch(name, "[^.]+") do
    rule = fields and fields[part]
    if not rule then return nil end
    fields = rule.fields
  end
  return rule
end

local function judge_path(binding, segments)
  for index, name in pairs(binding.variables) do
    local rule = named(binding.request, name)
    local sent = decoded(segments[index])
    if not TEXT[rule.kind](rule, sent) then complain(name, must(rule)) end
  end
end

local function judge_query(binding, query)
  local seen = {}
  for _, name in pairs(binding.variables or {}) do seen[name] = "is in the path already" end
  for part in string.gmatch(query, "[^&]+") do
    step()
    local name, sent = string.match(part, "^([^=]*)=?(.*)$")
    local rule = named(binding.request, name)
    local one = rule and rule.kind == "list" and rule.item or rule
    if not rule then
      complain(decoded_query(name), unknown(binding.request, decoded_query(name)))
    elseif not TEXT[one.kind] and one.kind ~= "bool" then
      complain(name, "cannot be given in the query")
    elseif seen[name] and rule == one then
      complain(name, seen[name])
    elseif one.kind == "bool" then
      if sent ~= "true" and sent ~= "false" then complain(name, must(one)) end
    elseif not TEXT[one.kind](one, decoded_query(sent)) then
      complain(name, must(one))
    end
    seen[name] = seen[name] or "is given twice"
  end
end

local function judge_parameters(binding, segments, query)
  if binding.variables then judge_path(binding, segments) end
  if query ~= "" then judge_query(binding, query) end
end

local function split(path)
  local segments, first = {}, 2
  while first <= #path do
    local slash = find(path, "/", first, true) or #path + 1
    segments[#segments + 1] = sub(path, first, slash - 1)
    first = slash + 1
  end
  return segments
end

-- What takes the verb on a path, as the transcoder finds it
local function walk(node, segments, index, verb)
  local segment = segments[index]
  if not segment then return node.verbs and node.verbs[verb] end
  local literal = node.literals[segment]
  return (literal and walk(literal, segments, index + 1, verb))
    or (node.variable and walk(node.variable, segments, index + 1, verb))
end

local function collect_verbs(node, segments, index, verbs)
  local segment = segments[index]
  if not segment then
    for each in pairs(node.verbs or {}) do verbs[each] = true end
    return
  end
  if node.literals[segment] then collect_verbs(node.literals[segment], segments, index + 1, verbs) end
  if node.variable then collect_verbs(node.variable, segments, index + 1, verbs) end
end

-- What the path says of the fields of the body's message
local function fixed_by(binding, segments)
  local values = {}
  for index, name in pairs(binding.variables) do
    local inside = binding.inside and binding.inside .. "." or ""
    if sub(name, 1, #inside) == inside then values[sub(name, #inside + 1)] = decoded(segments[index]) end
  end
  return values
end

-- ── Refusals: the same Status JSON as the server's ──────────────────────────────────────────────────────

local function is_utf8(raw)
  local rest = string.gsub(raw, "[\194-\223][\128-\191]", "")
  rest = string.gsub(rest, "[\224-\239][\128-\191][\128-\191]", "")
  rest = string.gsub(rest, "[\240-\244][\128-\191][\128-\191][\128-\191]", "")
  return not find(rest, "[\128-\255]")
end

local function json(raw, most)
  most = most or MAX_TEXT
  if #raw > most then raw = string.gsub(sub(raw, 1, most), "[\192-\255][\128-\191]*$", "") .. "…" end
  if not is_utf8(raw) then raw = string.gsub(raw, "[\128-\255]", "?") end
  return '"' .. string.gsub(raw, '[%c"\\]', function(char) return format("\\u%04x", byte(char)) end) .. '"'
end

local STATUS = [[{"code":%d,"message":%s,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"%s",]]
  .. [["domain":"sanset","metadata":{"request_id":%s}}%s]}]]
local BAD_REQUEST = [[,{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[%s]}]]

local function refuse(handle, status, code, reason, sentence, more, extra)
  local id = handle:headers():get("x-request-id") or ""
  local headers = {[":status"] = status, ["content-type"] = "application/json"}
  for name, sent in pairs(extra or {}) do headers[name] = sent end
  handle:respond(headers, format(STATUS, code, json(sentence, MAX_MESSAGE), reason, json(id), more or ""))
end

local function refuse_fields(handle, found)
  local listed, said = {}, {}
  for _, each in ipairs(found) do
    listed[#listed + 1] = format('{"field":%s,"description":%s}', json(each[1]), json(each[2]))
    said[#said + 1] = each[1] .. ": " .. each[2]
  end
  refuse(handle, "400", 3, "INVALID_FIELD", concat(said, "; "), format(BAD_REQUEST, concat(listed, ",")))
end

local function refuse_verb(handle, verb, segments)
  local allowed, verbs = {}, {}
  collect_verbs(root, segments, 1, allowed)
  for each in pairs(allowed) do verbs[#verbs + 1] = each end
  if #verbs == 0 then return end -- the transcoder says that there is no such path
  table.sort(verbs)
  local sentence = format("%s is not possible here. What is: %s.", verb, concat(verbs, ", "))
  refuse(handle, "405", 12, "METHOD_UNKNOWN", sentence, nil, {allow = concat(verbs, ", ")})
end

-- Judge a part of the request. Return what was found wrong so far, or nothing where it was refused as a whole.
local function judged(handle, found, judge, binding, ...)
  text, steps, violations = "", 0, found
  local done, failure = pcall(judge, binding, ...)
  text = ""
  if done then return found end
  local why = type(failure) == "table" and failure.malformed
  if not why then handle:logErr(tostring(failure)) end
  local sentence = format("The request cannot be read: %s.", why or "it is not understood")
  refuse(handle, "400", 3, "MALFORMED_REQUEST", sentence)
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local verb, path, query = headers:get(":method"), headers:get(":path"), ""
  local mark = find(path, "?", 1, true)
  if mark then path, query = sub(path, 1, mark - 1), sub(path, mark + 1) end
  local head = verb == "HEAD"
  if head then
    verb = "GET"
    headers:replace(":method", verb) -- head.lua takes the body from the reply
  end

  local binding, segments = exact[verb] and exact[verb][path], nil
  if not binding then
    segments = split(path)
    binding = walk(root, segments, 1, verb)
    if not binding or (head and binding.stream) then
      return refuse_verb(handle, head and "HEAD" or verb, segments)
    end
  end

  local found = {}
  if query ~= "" or binding.variables then
    found = judged(handle, found, judge_parameters, binding, segments, query)
    if not found then return end
  end
  local body = binding.body and handle:body() -- other requests are judged meanwhile
  if body then
    local content = body:getBytes(0, body:length())
    if sub(content, 1, 3) == "\239\187\191" then -- a byte order mark, which the transcoder takes for a value
      content = sub(content, 4)
      body:setBytes(content)
    end
    fixed = binding.variables and fixed_by(binding, segments)
    found = judged(handle, found, judge_body, binding, content)
    if not found then return end
  end
  if #found > 0 then refuse_fields(handle, found) end
end

-- ── The contract, by server/strict_json.py ──────────────────────────────────────────────────────────────
