/** What a benchmark prints: its figures beside what they are to reach, and the machine they were measured on. */
import { cpus, release, totalmem } from "node:os";

export interface Figure {
  /** As in the design's table of numbers: `1kx10k_ms`. */
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "us" | "x" | "/s" | "MB" | "B" | "%" | "count";
  /** The bound that the design sets; absent for figures that only explain. */
  readonly toReach?: number;
  /** What a peer, or the raw limit, gave: measured in the same run, or quoted with its source in `note`. */
  readonly note?: string;
}

export interface Report {
  readonly bench: string;
  readonly figures: readonly Figure[];
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
}

export function jsonReport({ bench, figures }: Report): string {
  const plain = figures.map(({ name, value, unit }) => ({ name, value: rounded(value), unit }));
  return JSON.stringify({ bench, machine: thisMachine(), figures: plain });
}

export function textReport({ bench, figures }: Report): string {
  const machine = thisMachine();
  const title = `${bench} on ${machine.cores} × ${machine.cpu}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}`;
  const width = Math.max(...figures.map(({ name }) => name.length));
  const rows = figures.map(({ name, value, unit, toReach, note }) => {
    const bound = toReach === undefined ? "" : `   to reach: ${toReach} ${unit}`;
    return `  ${name.padEnd(width)}  ${String(rounded(value)).padStart(10)} ${unit}${bound}${note === undefined ? "" : `   (${note})`}`;
  });
  return [title, ...rows].join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function thisMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? "unknown processor",
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
  };
}
