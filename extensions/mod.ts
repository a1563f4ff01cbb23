/**
 * The extensions for web UIs as texts, so that they come along with a checkout, a bundle and a binary alike.
 *
 * @module
 */
import comfyPackage from "./comfyui/__init__.py" with { type: "text" };
import comfyProject from "./comfyui/pyproject.toml" with { type: "text" };
import comfyScript from "./comfyui/web/civikit.js" with { type: "text" };
import forgeMetadata from "./forge/metadata.ini" with { type: "text" };
import forgeScript from "./forge/javascript/civikit.mjs" with { type: "text" };
import forgeBridge from "./forge/scripts/civikit_bridge.py" with { type: "text" };
import core from "./shared/civikit_core.py" with { type: "text" };
import panel from "./shared/civikit_panel.mjs" with { type: "text" };
import texts from "./shared/civikit_texts.mjs" with { type: "text" };

/** The extensions that can be put into a web UI. */
export type ExtensionName = "forge" | "comfyui";

/** The files of each extension, by their paths in its folder. */
export const extensionFiles: Readonly<Record<ExtensionName, Readonly<Record<string, string>>>> = {
  forge: {
    "metadata.ini": forgeMetadata,
    "civikit_core.py": core,
    "scripts/civikit_bridge.py": forgeBridge,
    "javascript/civikit.mjs": forgeScript,
    "javascript/civikit_panel.mjs": panel,
    "javascript/civikit_texts.mjs": texts,
  },
  comfyui: {
    "__init__.py": comfyPackage,
    "pyproject.toml": comfyProject,
    "civikit_core.py": core,
    "web/civikit.js": comfyScript,
    "web/civikit_panel.mjs": panel,
    "web/civikit_texts.mjs": texts,
  },
};
