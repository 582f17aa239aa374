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

-- Found once for each binding: reads are many, and this is all that most of them need.
local function variables_of(binding)
  local known = binding.known
  if not known then
    known = {}
    for index, name in pairs(binding.variables) do
      known[#known + 1] = {index = index, name = name, rule = named(binding.request, name)}
    end
    binding.known = known
  end
  return known
end

local function judge_path(binding, segments)
  local known = variables_of(binding)
  for place = 1, #known do
    local each = known[place]
    if not TEXT[each.rule.kind](each.rule, decoded(segments[each.index])) then
      mismatch(each.name, each.rule)
    end
  end
end

local function judge_query(binding, query)
  local seen, chosen = {}, {}
  for _, name in pairs(binding.variables or {}) do
    seen[name] = {"FIELD_CONFLICT", N_"is in the path already"}
    local choice = named(binding.request, name).choice
    if choice then chosen[choice] = name end
  end
  for part in string.gmatch(query, "[^&]+") do
    step()
    local name, sent = string.match(part, "^([^=]*)=?(.*)$")
    local rule = named(binding.request, name)
    local one = rule and rule.kind == "list" and rule.item or rule
    if not rule then
      complain_of_unknown(decoded_query(name), binding.request, decoded_query(name))
    elseif not TEXT[one.kind] and one.kind ~= "bool" then
      complain(name, "FIELD_UNKNOWN", N_"cannot be given in the query")
    elseif seen[name] and rule == one then
      complain(name, seen[name][1], seen[name][2])
    elseif chosen[one.choice or ""] and chosen[one.choice] ~= one.name then
      complain(name, "FIELD_CONFLICT", N_"cannot be given together with \"{other}\"", {other = chosen[one.choice]})
    elseif one.kind == "bool" then
      if sent ~= "true" and sent ~= "false" then mismatch(name, one) end
    elseif not TEXT[one.kind](one, decoded_query(sent)) then
      mismatch(name, one)
    elseif one.kind == "mask" then
      masked = true
      if binding.update == "PUT" and decoded_query(sent) ~= "*" then
        complain(name, "FIELD_CONFLICT", N_"cannot be sent with PUT, which replaces everything: send PATCH")
      end
    end
    seen[name] = seen[name] or {"FIELD_DUPLICATE", N_"is given twice"}
    if rule and rule.choice then chosen[rule.choice] = chosen[rule.choice] or rule.name end
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

local STATUS = [[{"code":%d,"message":%s,"details":[]]
  .. [[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"%s","domain":"sanset","metadata":{}},]]
  .. [[{"@type":"type.googleapis.com/google.rpc.RequestInfo","request_id":%s}%s],"status":"%s"}]]
local NAMES = {[3] = "INVALID_ARGUMENT", [12] = "UNIMPLEMENTED"}
local BAD_REQUEST = [[,{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[%s]}]]

local LOCALIZED = [[{"locale":"%s","message":%s}]]
local OF_PEOPLE = [[,{"@type":"type.googleapis.com/google.rpc.LocalizedMessage",]]

-- The language that accept-language likes best of those that there are, as server/text/languages.py finds it; nil for
-- English.
local function preferred(header)
  local best, most = nil, 0
  for part in string.gmatch(sub(header or "", 1, MAX_TEXT), "[^,]+") do
    local tag, parameter = string.match(part, "^%s*([^;]-)%s*;%s*(.-)%s*$")
    local primary = string.match(string.lower(tag or part), "^%s*([^%s-]+)")
    if primary == "en" or LANGUAGES[primary] then
      local quality = parameter and string.match(parameter, "^q%s*=(.*)$")
      quality = quality and math.min(tonumber(quality) or 0, 1) or 1
      if quality > most then best, most = primary, quality end
    end
  end
  return LANGUAGES[best] and best
end

-- A sentence in a language, or in English where that lacks it; its facts fill the blanks.
local function said(language, sentence, facts)
  sentence = language and LANGUAGES[language][sentence] or sentence
  return facts and (string.gsub(sentence, "{(%w+)}", facts)) or sentence
end

-- `say` gives what is said in a language; nil is English.
local function refuse(handle, status, code, reason, say, more, extra)
  local id = handle:headers():get("x-request-id") or ""
  local language = preferred(handle:headers():get("accept-language"))
  local headers = {[":status"] = status, ["content-type"] = "application/json"}
  for name, sent in pairs(extra or {}) do headers[name] = sent end
  local details = more and more(language) or ""
  if language then
    details = details .. OF_PEOPLE .. sub(format(LOCALIZED, language, json(say(language), MAX_MESSAGE)), 2)
  end
  local message = json(say(nil), MAX_MESSAGE)
  handle:respond(headers, format(STATUS, code, message, reason, json(id), details, NAMES[code]))
end

local function violation(each, language)
  local sentence = json(said(nil, each.sentence, each.facts))
  local localized = ""
  if language and LANGUAGES[language][each.sentence] then
    local translation = json(said(language, each.sentence, each.facts))
    localized = ',"localized_message":' .. format(LOCALIZED, language, translation)
  end
  local entry = '{"field":%s,"description":%s,"reason":"%s"%s}'
  return format(entry, json(each.path), sentence, each.reason, localized)
end

local function refuse_fields(handle, found)
  local function say(language)
    local parts = {}
    for index, each in ipairs(found) do
      parts[index] = each.path .. ": " .. said(language, each.sentence, each.facts)
    end
    return concat(parts, "; ")
  end
  local function bad_request(language)
    local listed = {}
    for index, each in ipairs(found) do listed[index] = violation(each, language) end
    return format(BAD_REQUEST, concat(listed, ","))
  end
  refuse(handle, "400", 3, "INVALID_FIELD", say, bad_request)
end

local function refuse_verb(handle, verb, segments)
  local allowed, verbs = {}, {}
  local path = "/" .. concat(segments, "/")
  for each, paths in pairs(exact) do allowed[each] = paths[path] and true end
  if not next(allowed) then collect_verbs(root, segments, 1, allowed) end
  for each in pairs(allowed) do verbs[#verbs + 1] = each end
  if #verbs == 0 then return end -- the transcoder says that there is no such path
  table.sort(verbs)
  if verb == "OPTIONS" then -- a preflight never comes here, CORS answers it
    return handle:respond({[":status"] = "204", allow = concat(verbs, ", ")}, "")
  end
  local function say(language)
    local facts = {verb = verb, verbs = concat(verbs, ", ")}
    return said(language, N_"{verb} is not possible here. What is: {verbs}.", facts)
  end
  refuse(handle, "405", 12, "METHOD_UNKNOWN", say, nil, {allow = concat(verbs, ", ")})
end

-- Judge a part of the request. Return what was found wrong so far, or nothing where it was refused as a whole.
local function judged(handle, found, judge, binding, ...)
  text, steps, violations = "", 0, found
  local done, failure = pcall(judge, binding, ...)
  text = ""
  if done or failure == ENOUGH then return found end
  local problem = type(failure) == "table" and failure.malformed
  if not problem then handle:logErr(tostring(failure)) end
  local facts = problem and failure.facts
  refuse(handle, "400", 3, "MALFORMED_REQUEST", function(language)
    local why = said(language, problem or N_"it is not understood", facts)
    return said(language, N_"The request cannot be read: {problem}.", {problem = why})
  end)
end

-- For an update whose query has no mask: PATCH changes the fields that its body names, PUT all of them. The transcoder
-- reads the mask from the query, and takes null for a field that is absent: what a mask names and is absent is cleared.
local function add_mask(handle, binding, path, query)
  local mask = binding.update == "PUT" and "*" or concat(changed, ",")
  if mask == "" then return end
  local more = query ~= "" and query .. "&" or ""
  handle:headers():replace(":path", path .. "?" .. more .. "update_mask=" .. mask)
end

-- Which method takes a GET of a path and query that were sound before: nearly all are asked for again. Bounded, since
-- callers write them.
local MAX_SOUND, MAX_TARGET = 4096, 256
local sound, sound_count = {}, 0

local function remember(target, binding)
  if #target > MAX_TARGET then return end
  if sound_count == MAX_SOUND then sound, sound_count = {}, 0 end
  sound[target] = binding
  sound_count = sound_count + 1
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local verb, target = headers:get(":method"), headers:get(":path")
  local binding = verb == "GET" and sound[target]
  if binding and not handle:body() then
    if on_binding then on_binding(handle, binding) end
    return
  end
  local path, query = target, ""
  local mark = find(path, "?", 1, true)
  if mark then path, query = sub(path, 1, mark - 1), sub(path, mark + 1) end
  local is_read, is_head = verb == "GET", verb == "HEAD"
  if is_head then
    verb = "GET"
    headers:replace(":method", verb) -- replies.lua takes the body from the reply
  end

  local segments
  binding = exact[verb] and exact[verb][path]
  if not binding then
    segments = split(path)
    binding = walk(root, segments, 1, verb)
    if not binding or literal[path] or (is_head and binding.stream) then
      return refuse_verb(handle, is_head and "HEAD" or verb, segments)
    end
  end

  if on_binding then on_binding(handle, binding) end -- of replies.lua, where the route has it

  local found = {}
  masked = false
  if query == "" then
    violations = found
    if binding.variables then judge_path(binding, segments) end -- too few to be too many
  else
    found = judged(handle, found, judge_parameters, binding, segments, query)
    if not found then return end
  end
  local lacks_mask = binding.update and not masked
  local body = binding.body and handle:body() -- other requests are judged meanwhile
  changed = binding.update == "PATCH" and {} or nil
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
  if #found > 0 then return refuse_fields(handle, found) end
  if is_read and not body then remember(target, binding) end
  if lacks_mask then add_mask(handle, binding, path, query) end
end
