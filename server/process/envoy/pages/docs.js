// Shows /openapi.json in Swagger UI, and signs in with the token of a Login that is executed on the page.
"use strict";

const SIGN_IN = /\/auth\/(login|signin|refresh)$/;

// Of a list of ids Swagger UI asks for an input by this name, and says on the console that it has none.
const idsInput = ({ getComponent, React }) => ({
  components: {
    JsonSchema_string_int64: (props) => React.createElement(getComponent("JsonSchema_string"), props),
  },
});

const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  plugins: [idsInput],
  syntaxHighlight: false, // of large replies it takes seconds
  validatorUrl: null, // nothing is sent to anybody else
  responseInterceptor: (response) => {
    if (response.ok && SIGN_IN.test(new URL(response.url).pathname)) {
      ui.preauthorizeApiKey("bearer", JSON.parse(response.text).access_token);
    }
    return response;
  },
});
