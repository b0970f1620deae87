/** npm's `prepare`: points git at `.githooks/`. Outside a checkout there is nothing to point. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync(".git")) spawnSync("git", ["config", "core.hooksPath", ".githooks"]);
