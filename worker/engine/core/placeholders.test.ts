import { describe, expect, test } from "vitest";

import { fillEnvironment, fillPlaceholders, type PlaceholderValues } from "./placeholders.js";

const VALUES: PlaceholderValues = {
  Service: { ID: "s1", Name: "web", Labels: { tier: "front", "com.example/x": "y" } },
  Node: { ID: "n1", Hostname: "host-a", Platform: { OS: "linux", Architecture: "x86_64" } },
  Task: { ID: "t1", Name: "web.3.t1", Slot: "3" },
};

describe("a placeholder", () => {
  test.each([
    ["nothing to fill", "nothing to fill"],
    ["{{.Service.ID}}/{{.Service.Name}}", "s1/web"],
    ["{{ .Node.ID }} {{.Node.Hostname}}", "n1 host-a"],
    ["{{.Node.Platform.OS}}/{{.Node.Platform.Architecture}}", "linux/x86_64"],
    ["{{.Task.ID}} {{.Task.Name}} {{.Task.Slot}}", "t1 web.3.t1 3"],
    ["{{.Service.Labels.tier}}", "front"],
    ['{{index .Service.Labels "com.example/x"}}', "y"],
    ['{{index .Service.Labels "unset"}}{{.Service.Labels.unset}}', ""],
    ["{{- .Task.Slot -}}", "3"],
    ["a {{- .Task.Slot -}} b", "a3b"],
    ["}} is text", "}} is text"],
  ])("%s is filled: %s", (text, expected) => {
    expect(fillPlaceholders(text, VALUES)).toBe(expected);
  });

  test.each([
    ["{{.Task.Colour}}", /can't evaluate field Task\.Colour/],
    ["{{.Service.Labels.a.b}}", /can't evaluate field/],
    ["{{.Node.Platform}}", /can't evaluate field Node\.Platform/],
    ["{{.Task.constructor}}", /can't evaluate field/],
    ["{{upper .Task.Name}}", /cannot evaluate/],
    ["{{.Task.Slot", /unclosed action/],
    ["{{}}", /cannot evaluate/],
  ])("%s is refused", (text, says) => {
    expect(() => fillPlaceholders(text, VALUES)).toThrow(says);
  });
});

test.each([
  ["NAME={{.Task.Slot}}", "NAME=3"],
  ["{{.Task.Slot}}=x", "{{.Task.Slot}}=x"],
  ["{{.Task.Slot}}", "{{.Task.Slot}}"],
  ["A=b={{.Task.Slot}}", "A=b=3"],
])("of an environment entry only the value is filled: %s", (entry, expected) => {
  expect(fillEnvironment(entry, VALUES)).toBe(expected);
});
