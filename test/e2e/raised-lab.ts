/** A laboratory for the tests of one `describe`: up before the first of them, gone after the last. */
import { afterAll, beforeAll } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { CommandLine } from "../setup/command-line.js";
import { dockerCommand } from "../setup/docker-command.js";
import { labFolder } from "./lab-traces.js";

export interface RaisedLab {
  /** Once the tests run. */
  readonly lab: Laboratory;
  /** Where it keeps what its hosts have; gone with it. */
  readonly dir: string;
  /** The official CLI on a host's skepd. */
  readonly docker: (host: string) => CommandLine;
  /** The official CLI on a host's own engine: it knows nothing of the cluster. */
  readonly engine: (host: string) => CommandLine;
}

export function raiseLab(size: { readonly hosts: number; readonly managers: number }): RaisedLab {
  const dir = labFolder();
  const raised: { lab?: Laboratory } = {};

  beforeAll(async () => {
    raised.lab = await Laboratory.up({ dir, ...size });
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  const labOf = (): Laboratory => {
    if (raised.lab === undefined) throw new Error("the laboratory is not up yet");
    return raised.lab;
  };
  return {
    dir,
    get lab(): Laboratory {
      return labOf();
    },
    docker: (host) => dockerCommand(labOf().host(host).skepSocket)!,
    engine: (host) => dockerCommand(labOf().host(host).dockerSocket)!,
  };
}
