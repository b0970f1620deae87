/** Remembered answers to requests, proto ↔ model. */
import type { ErrorCode } from "../../shared/errors/cluster-error.js";
import { fromUint64, isSet, type WireUint64 } from "../../shared/rpc/wire/fields.js";
import type { RequestOutcome } from "./core/requests.js";

export interface WireRequestOutcome {
  requestId: string;
  sequence: WireUint64;
  errorCode?: string | null;
  errorMessage?: string | null;
  objectId?: string | null;
}

export function requestToWire(outcome: RequestOutcome): WireRequestOutcome {
  const { requestId, sequence, error, objectId } = outcome;
  return {
    requestId,
    sequence,
    ...(error !== undefined && { errorCode: error.code, errorMessage: error.message }),
    ...(objectId !== undefined && { objectId }),
  };
}

export function requestFromWire(wire: WireRequestOutcome): RequestOutcome {
  const { requestId, errorCode, errorMessage, objectId } = wire;
  return {
    requestId,
    sequence: fromUint64(wire.sequence),
    ...(isSet(errorCode) && {
      error: { code: errorCode as ErrorCode, message: errorMessage ?? "" },
    }),
    ...(isSet(objectId) && { objectId }),
  };
}
