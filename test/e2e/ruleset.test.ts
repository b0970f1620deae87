/** Rules of a namespace, changed by an `nft` that is kept open. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Kernel } from "../../worker/network/kernel.js";
import { Ruleset } from "../../worker/network/ruleset.js";
import { fileOf, inside, Namespaces, PATH } from "../network/namespaces.js";
import { describeWithLab } from "../setup/requirements.js";

const TABLE = "add table ip t\nadd set ip t s { type ipv4_addr; }\n";

function rulesetIn(namespace: string, path = PATH): Ruleset {
  return new Ruleset(new Kernel({ path }), { namespace: fileOf(namespace) });
}

function elements(namespace: string): readonly string[] {
  const listing = inside(namespace, ["nft", "list", "set", "ip", "t", "s"]);
  return listing.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
}

/** Where `nft` does as `script` says; `$NFT` is the real one. */
function folderWithNft(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "skep-nft-"));
  const nft = join(folder, "nft");
  writeFileSync(nft, `#!/bin/sh\nNFT=/usr/sbin/nft\n${script}\n`);
  chmodSync(nft, 0o755);
  return folder;
}

describeWithLab("a namespace's rules", () => {
  test("are changed one after the other; a change that is refused changes nothing", async () => {
    using spaces = new Namespaces();
    const name = spaces.add("one");
    const rules = rulesetIn(name);
    await rules.change(TABLE);
    await rules.change("add element ip t s { 10.0.0.1 }\n");
    const half = "add element ip t s { 10.0.0.2 }\ndelete element ip t s { 10.0.0.9 }\n";
    await expect(rules.change(half)).rejects.toThrow(/No such file or directory/);
    await expect(rules.change("what is this\n")).rejects.toThrow(/syntax error/);
    await rules.change("add element ip t s { 10.0.0.3 }\n");
    expect(elements(name)).toEqual(["10.0.0.1", "10.0.0.3"]);
    rules.close();
    await rules.change("add element ip t s { 10.0.0.4 }\n");
    expect(elements(name)).toContain("10.0.0.4");
    rules.close();
  });

  test("a long change is made whole", async () => {
    using spaces = new Namespaces();
    const name = spaces.add("one");
    const rules = rulesetIn(name);
    const many = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    await rules.change(`${TABLE}add element ip t s { ${many.join(", ")} }\n`);
    expect(elements(name)).toHaveLength(many.length);
  });

  test.each([
    { what: "cannot be talked to", script: `[ "$1" != -i ] || exit 1; exec $NFT "$@"` },
    {
      what: "ends in the middle",
      script: `[ "$1" != -i ] || [ -e "$0.once" ] || { touch "$0.once"; read -r _; exit 1; }; exec $NFT "$@"`,
    },
  ])("an nft that $what fails one change, and not the next", async ({ script }) => {
    using spaces = new Namespaces();
    const name = spaces.add("one");
    const folder = folderWithNft(script);
    const rules = rulesetIn(name, folder);
    await expect(rules.change(TABLE)).rejects.toThrow("nft ended");
    await rules.change(TABLE);
    expect(elements(name)).toEqual([]);
    rules.close();
    rmSync(folder, { recursive: true });
  });
});
