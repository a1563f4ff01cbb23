export * from "../../testing/civitai/gallery.ts";
export * from "../../testing/files/pictures.ts";
