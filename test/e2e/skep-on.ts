/** `skep` on the socket of a laboratory's host. */
import { SKEP } from "../../deploy/lab/built-programs.js";
import type { LabHost } from "../../deploy/lab/layout.js";
import { type CommandLine, commandLine } from "../setup/command-line.js";

export function skepOn({ skepSocket }: LabHost): CommandLine {
  const env = { ...process.env, SKEP_HOST: `unix://${skepSocket}` };
  return commandLine([process.execPath, SKEP], env);
}
