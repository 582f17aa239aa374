// httpYac keeps the body of a reply under its request's name; shop.http says where it is in REST Client's way.
module.exports = {
  configureHooks: ({ hooks }) => {
    hooks.onResponse.addHook("bodies of named requests", ({ parsedBody }) => {
      if (parsedBody instanceof Object) Object.defineProperty(parsedBody, "response", { value: { body: parsedBody } });
    });
  },
};
