import type { PreviewLine } from "../../preview.ts";
import type { FormAnswer } from "../form_answer.ts";

/** What the answer to a form shows besides the queue. */
export interface QueueAnswer extends FormAnswer {
  /** What was looked up. */
  readonly preview?: readonly PreviewLine[];
}
