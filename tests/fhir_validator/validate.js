// Reads a JSON list of resources from standard input; prints the list of what npm's `fhir` has against each.
const { Fhir } = require("fhir");

const validator = new Fhir();
const resources = JSON.parse(require("fs").readFileSync(0, "utf8"));
const faults = resources.map((resource) =>
  validator
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((message) => message.severity === "error" || message.severity === "fatal")
    .map((message) => `${message.location}: ${message.message}`),
);
console.log(JSON.stringify(faults));
