// The API's description, drawn by swagger-ui from our own files.
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  // A signed-in page's cookie does for reading; changes need the token of POST /api/v1/token.
  persistAuthorization: false,
});
