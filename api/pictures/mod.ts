/**
 * Images: URLs of the CDN, files on disk, and how they were made.
 *
 * @module
 */
export { type Generation, generationOf, generationOfTexts } from "./generation.ts";
export { imageTexts } from "./image_texts.ts";
export { imageId, type ImageSize, imageUrl } from "./image_url.ts";
export { type ImageOutcome, type ImageSource, saveImages, type SaveImagesOptions } from "./save_images.ts";
export { type MediaType, sniffMedia } from "./sniff_media.ts";
