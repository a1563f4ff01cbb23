/** What a request wants of S3, as its documentation names it. */
export type S3Operation =
  | "GetObject"
  | "HeadObject"
  | "PutObject"
  | "DeleteObject"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "ListParts"
  | "ListMultipartUploads"
  | "ListObjectsV2"
  | "HeadBucket";

/** What goes wrong. Each is something that servers of this kind do, or what lies between does. */
export type S3Deed =
  /** Nothing is done; `code` with `status`, such as `SlowDown` with 503 (S3 error responses). */
  | { readonly kind: "refuse"; readonly status: number; readonly code: string; readonly retryAfter?: number }
  /** It is done, and then the answer is a 500: whoever asks again must not do harm. */
  | { readonly kind: "lose_answer" }
  /** 200, and an error in the body, as CompleteMultipartUpload may have it (its API page, «200 OK ... error»). */
  | { readonly kind: "error_in_200" }
  /** What is stored differs from what was sent, although checksums were right on arrival: a disk that rots. */
  | { readonly kind: "damage" }
  /** What arrives differs from what was sent in its first byte: a broken cable or proxy. */
  | { readonly kind: "garble" }
  /** The body of an answer ends after so many bytes. */
  | { readonly kind: "cut"; readonly after: number }
  /** 409: another conditional write of that key is under way (ConditionalRequestConflict). */
  | { readonly kind: "conflict" }
  /** The upload is gone, as after a lifecycle rule: 404 NoSuchUpload from now on. */
  | { readonly kind: "forget_upload" };

/** A {@linkcode S3Deed}, and when it is done. */
export type S3Fault = S3Deed & {
  /** For these operations. Default: all. */
  readonly on?: S3Operation | readonly S3Operation[];
  /** For keys that contain this. Default: all. */
  readonly key?: string;
  /** How often. Default 1. */
  readonly times?: number;
  /** How many of these requests pass first. Default 0. */
  readonly skip?: number;
};

/** Takes out the fault for a request; undefined when there is none. */
export function faultTaker(faults: { fault: S3Fault; left: number; skip: number }[]) {
  return (operation: S3Operation, key: string): S3Fault | undefined => {
    for (const waiting of faults) {
      const { fault: { on, key: part = "" } } = waiting;
      const isMeant = on === undefined || on === operation || (Array.isArray(on) && on.includes(operation));
      if (!isMeant || !key.includes(part) || waiting.left === 0) continue;
      if (waiting.skip > 0) {
        waiting.skip--;
        continue;
      }
      waiting.left--;
      return waiting.fault;
    }
    return undefined;
  };
}
