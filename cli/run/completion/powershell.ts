import type { Places } from "./entries.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The completion for PowerShell, 5.1 and 7. Names of files are its own affair: it offers them where nothing else is. */
export function powershellCompletion(places: readonly Places[]): string {
  const entries = places.map(({ keys, entry: { kind, words } }) => {
    const reply = [kind, ...words.flat()].map(quoted).join(", ");
    return `foreach ($key in @(${keys.map(quoted).join(", ")})) { $script:CivikitEntries[$key] = @(${reply}) }`;
  });
  return String.raw`# civikit for PowerShell

$script:CivikitEntries = New-Object 'System.Collections.Generic.Dictionary[string,object]'
${entries.join("\n")}

Register-ArgumentCompleter -Native -CommandName civikit -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $command = 'civikit'
    $at = 'civikit'
    $value = ''
    $isOver = $false
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object {
        $_.Extent.EndOffset -lt $cursorPosition -or ($wordToComplete -eq '' -and $_.Extent.EndOffset -le $cursorPosition)
    })
    foreach ($element in $before) {
        $word = $element.Extent.Text
        if ($value -ne '') { $value = '' }
        elseif (-not $isOver -and $word -ceq '--') { $isOver = $true }
        elseif (-not $isOver -and $word -like '-?*') {
            if ($script:CivikitEntries.ContainsKey("$command $word")) { $value = "$command $word" }
        }
        elseif ($script:CivikitEntries.ContainsKey("$at $word")) {
            $at = "$at $word"
            if ($command -ceq 'civikit') { $command = $at }
        }
    }
    $typed = $wordToComplete -replace '["'']', ''
    $prefix = ''
    if ($value -ne '') { $at = $value }
    elseif (-not $isOver -and $typed -like '--*=*') {
        $name, $typed = $typed -split '=', 2
        $at = "$command $name"
        $prefix = "$name="
    }
    elseif (-not $isOver -and $typed -like '-*') { $at = "options $command" }
    if (-not $script:CivikitEntries.ContainsKey($at)) { return }
    $reply = $script:CivikitEntries[$at]
    if ($reply[0] -ceq 'list' -and $typed.Contains(',')) {
        $comma = $typed.LastIndexOf(',') + 1
        $prefix += $typed.Substring(0, $comma)
        $typed = $typed.Substring($comma)
    }
    for ($i = 1; $i + 1 -lt $reply.Count; $i += 2) {
        $word = $reply[$i]
        if (-not $word.StartsWith($typed, [StringComparison]::OrdinalIgnoreCase)) { continue }
        $text = $prefix + $word
        if ($text -match '[^\w.=/-]') { $text = "'" + $text.Replace("'", "''") + "'" }
        $help = if ($reply[$i + 1] -eq '') { $word } else { $reply[$i + 1] }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $help)
    }
}
`;
}
