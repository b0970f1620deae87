import { describe, expect, test } from "vitest";

import { Template } from "./template.js";

const WEB = {
  ID: "abc",
  Name: "web",
  Replicas: 3,
  Ready: true,
  Empty: "",
  Labels: { tier: "front", "com.example/x": "1" },
  Ports: [80, 443],
  Mounts: [{ Target: "/a" }, { Target: "/b" }],
  Nothing: null,
};

describe("a template renders as Docker's CLI renders it", () => {
  test.each([
    ["plain text", "plain text"],
    ["{{.ID}}", "abc"],
    ["{{ .Name }}: {{.Replicas}}", "web: 3"],
    ["{{.Labels.tier}}", "front"],
    ['{{index .Labels "com.example/x"}}', "1"],
    ['{{index .Labels "none"}}|', "|"],
    ["{{index .Ports 1}}", "443"],
    ["{{.Labels}}", "map[com.example/x:1 tier:front]"],
    ["{{.Ports}}", "[80 443]"],
    ["{{.Nothing}}", "<nil>"],
    ["{{json .Labels}}", '{"tier":"front","com.example/x":"1"}'],
    ["{{.Name | upper}}", "WEB"],
    ['{{printf "%s/%d" .Name .Replicas}}', "web/3"],
    ['{{.Name | printf "%-5s|"}}', "web  |"],
    ['{{join .Ports ","}}', "80,443"],
    ['{{range split "a,b" ","}}<{{.}}>{{end}}', "<a><b>"],
    ["{{truncate .Name 2}}", "we"],
    ["{{pad .Name 1 2}}|", " web  |"],
    ["{{title .Name}} {{lower `ABC`}}", "Web abc"],
    ["{{len .Ports}} {{len .Name}}", "2 3"],
    ["{{slice .Name 1 2}}", "e"],
    ["{{if .Ready}}yes{{else}}no{{end}}", "yes"],
    ["{{if .Empty}}yes{{else}}no{{end}}", "no"],
    ["{{if eq .Replicas 1 2 3}}some{{end}}", "some"],
    ["{{if and .Ready (gt .Replicas 2)}}big{{end}}", "big"],
    ["{{or .Empty .Name}}", "web"],
    ["{{not .Ready}}", "false"],
    ["{{if .Empty}}a{{else if .Nothing}}b{{else}}c{{end}}", "c"],
    ["{{with .Labels}}{{.tier}}{{end}}", "front"],
    ["{{with .Nothing}}x{{else}}none{{end}}", "none"],
    ["{{range .Mounts}}{{.Target}} {{end}}", "/a /b "],
    ["{{range $i, $m := .Mounts}}{{$i}}={{$m.Target}} {{end}}", "0=/a 1=/b "],
    ["{{range $k, $v := .Labels}}{{$k}}={{$v}} {{end}}", "com.example/x=1 tier=front "],
    ["{{range .Ports}}{{.}}{{break}}{{end}}", "80"],
    ["{{range .Ports}}{{if eq . 80}}{{continue}}{{end}}{{.}}{{end}}", "443"],
    ["{{$n := .Name}}{{range .Ports}}{{$n}}:{{.}} {{end}}", "web:80 web:443 "],
    ["{{range .Mounts}}{{$.Name}}{{end}}", "webweb"],
    ["a  {{- .ID -}}  b", "aabcb"],
    ["a{{/* a comment */}}b", "ab"],
    ['{{"}}"}}', "}}"],
    ['{{"tab\\tquote\\""}}', 'tab\tquote"'],
    ["{{(index .Mounts 0).Target}}", "/a"],
    ["{{println .Name}}", "web\n"],
    ["{{html `<a>`}}", "&lt;a&gt;"],
    ["{{'a'}}", "97"],
  ])("%s", (source, expected) => {
    expect(new Template(source).render(WEB)).toBe(expected);
  });
});

describe("what cannot be meant is refused", () => {
  test.each([
    ["{{.Nam}}", 'no field "Nam" (there are: ID, Name'],
    ["{{.Nothing.X}}", "can't evaluate field X of <nil>"],
    ["{{.Name.X}}", "can't evaluate field X of web"],
    ["{{", "unclosed action"],
    ["{{if .ID}}", "an {{end}} is missing"],
    ["{{end}}", "unexpected {{end}}"],
    ["{{}}", "missing value for command"],
    ["{{nope .ID}}", 'function "nope" not defined'],
    ["{{.ID | 3}}", "can't give argument to non-function"],
    ["{{$x}}", 'undefined variable "$x"'],
    ['{{"a}}', 'unexpected ""a"'],
    ["{{.ID ~}}", 'unexpected "~"'],
    ["{{(.ID}}", "unclosed left paren"],
    ["{{index .Ports 9}}", "index out of range: 9"],
    ["{{lt .ID 3}}", "incompatible types"],
    ["{{define `x`}}{{end}}", "not supported"],
  ])("%s", (source, message) => {
    expect(() => new Template(source).render(WEB)).toThrow(message);
  });
});
