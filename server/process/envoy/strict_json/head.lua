
-- For HEAD: the reply of GET without its body. Of the JSON paths alone, whose replies are made whole before they are sent.
function envoy_on_response(handle)
  local body = handle:body()
  if body then
    local length = body:length()
    body:setBytes("")
    handle:headers():replace("content-length", tostring(length))
  end
end
