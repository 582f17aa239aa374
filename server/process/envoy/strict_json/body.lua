-- ── One pass over the body ──────────────────────────────────────────────────────────────────────────────

local function peek()
  local code = byte(text, position)
  if code and code > 32 then return code end
  position = find(text, "[^ \t\r\n]", position) or #text + 1
  code = byte(text, position)
  if not code then malformed(N_"it ends too early") end
  return code
end

-- The content of the text that begins here, as it was sent
local function quoted()
  local first = position + 1
  local last = first
  while true do
    last = find(text, '"', last, true)
    if not last then malformed(N_"a text does not end") end
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
  if not last then malformed(N_"byte {position} is not the beginning of a value", {position = first}) end
  if find(text, "^%-?0%d", first) then malformed(N_"the number at byte {position} begins with 0", {position = first}) end
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
    malformed(N_"byte {position} is not the beginning of a value", {position = position})
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
      complain(where(depth - 1), "FIELD_TOO_MANY_ENTRIES", N_"must have at most {limit} entries", {limit = rule.most})
    end
    if not free and peek() == 110 then
      word()
      complain(where(depth), "FIELD_WRONG_TYPE", N_"must not be null")
    else
      value(item, depth)
    end
    local code = peek()
    position = position + 1
    if code == 93 then return end
    if code ~= 44 then malformed(N_"byte {position} should be a comma or a bracket", {position = position - 1}) end
  end
end

local function entry(rule, key, seen, depth)
  if rule.kind ~= "message" then
    local item = rule.item or ANYTHING
    trail[depth] = key
    if rule.item and peek() == 110 then
      word()
      return complain(where(depth), "FIELD_WRONG_TYPE", N_"must not be null")
    end
    return value(item, depth)
  end
  local found = rule.fields[key]
  trail[depth] = key
  if not found then
    complain_of_unknown(where(depth), rule.fields, key)
    return value(ANYTHING, depth)
  end
  if seen[found] then
    complain(where(depth), "FIELD_DUPLICATE", N_"is given twice")
  end
  seen[found] = true
  if changed and depth == top and found.writable then changed[#changed + 1] = found.name end
  if depth == top and fixed and fixed[found.name] then
    peek()
    local first, before = position, #violations
    value(found, depth)
    local sent = string.match(sub(text, first, position - 1), '^"?(.-)"?$')
    if #violations == before and sent ~= fixed[found.name] and sent ~= "null" then
      complain(where(depth), "FIELD_CONFLICT", N_"is {value} in the path", {value = fixed[found.name]})
    end
    return
  end
  local choice = found.choice
  if choice and peek() ~= 110 then
    if seen[choice] and seen[choice] ~= key then
      complain(where(depth), "FIELD_CONFLICT", N_"cannot be given together with \"{other}\"", {other = seen[choice]})
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
    if peek() ~= 34 then malformed(N_"byte {position} should be a name in quotes", {position = position}) end
    step()
    local raw = quoted()
    if #raw > MAX_NAME then malformed(N_"a name in it is longer than any field's") end
    local key = unescaped(raw)
    if peek() ~= 58 then malformed(N_"byte {position} should be a colon", {position = position}) end
    position = position + 1
    if rule.kind ~= "message" then
      if seen[key] then
        trail[depth] = key
        complain(where(depth), "FIELD_DUPLICATE", N_"is given twice")
      end
      seen[key] = true
    end
    entry(rule, key, seen, depth)
    local code = peek()
    position = position + 1
    if code == 125 then return end
    if code ~= 44 then malformed(N_"byte {position} should be a comma or a brace", {position = position - 1}) end
  end
end

local OBJECT = {any = true, object = true, message = true, map = true}

-- Read the value that comes next, and say what is wrong with it where `rule` is the field's. `depth` keys lead to it.
function value(rule, depth)
  step()
  if depth > MAX_DEPTH then malformed(N_"it is nested too deeply") end
  local code = peek()
  if rule.kind == "list" then
    if code == 91 then return list(rule, depth + 1) end
    if code == 110 then word() return end
    complain(where(depth), "FIELD_WRONG_TYPE", N_"must be a list")
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
  if not right then mismatch(where(depth), rule) end
end

local function judge_body(binding, body)
  text, position = body, 1
  if not find(body, "[^ \t\r\n]") then return end
  trail[1], top = binding.inside, binding.inside and 2 or 1
  if peek() ~= 123 then
    malformed(binding.body == NOTHING and N_"none is expected here" or N_"it must be an object")
  end
  object(binding.body, top)
  if find(text, "[^ \t\r\n]", position) then malformed(N_"something follows the object") end
end
