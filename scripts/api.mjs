/**
 * Writes one API report per door into etc/. With `--check` it writes nothing and fails when a committed report differs,
 * is missing, or belongs to no door.
 * A door may use types that the main door exports; what no door exports is an error.
 */
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { builtFile, doorName, doors } from './doors.mjs';
import { root } from './root.mjs';

const check = process.argv.includes('--check');
const configFile = join(root, 'api-extractor.json');
const reportFolder = join(root, 'etc');
mkdirSync(reportFolder, { recursive: true });
const mainExports = exportedNames(entryFile('.'));
const expected = new Set();
let failed = false;

for (const door of Object.keys(doors)) {
  const reportFileName = `${['gateway-otel', doorName(door).replaceAll('/', '-')].filter(Boolean).join('.')}.api.md`;
  expected.add(reportFileName);
  const configObject = ExtractorConfig.loadFile(configFile);
  configObject.mainEntryPointFilePath = entryFile(door);
  configObject.apiReport.reportFileName = reportFileName;
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: configFile,
    packageJsonFullPath: join(root, 'package.json'),
  });
  const result = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback: (message) => {
      if (message.messageId.startsWith('console-')) {
        // Progress and the hint to copy files by hand; what matters is said below.
        message.handled = message.logLevel !== 'error';
      } else if (door !== '.' && message.messageId === 'ae-forgotten-export') {
        const name = /^The symbol "([^"]+)"/.exec(message.text)?.[1];
        if (name !== undefined && mainExports.has(name)) message.logLevel = 'none';
      }
    },
  });
  const differs = check && result.apiReportChanged;
  if (differs)
    console.error(`etc/${reportFileName} differs from the built types: run "npm run api" and review it.`);
  if (differs || result.errorCount > 0) failed = true;
  else console.log(`${door}: etc/${reportFileName}${result.apiReportChanged ? ' (updated)' : ''}`);
}

for (const file of readdirSync(reportFolder).filter(
  (name) => name.endsWith('.api.md') && !expected.has(name),
)) {
  if (check) {
    console.error(`etc/${file} belongs to no door: run "npm run api".`);
    failed = true;
  } else {
    rmSync(join(reportFolder, file));
  }
}
process.exitCode = failed ? 1 : 0;

/** @param {keyof typeof doors} door */
function entryFile(door) {
  return join(root, builtFile(doors[door], 'esm', 'd.ts'));
}

/** @param {string} file */
function exportedNames(file) {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(file));
  if (symbol === undefined) throw new Error(`${file} exports nothing: run "npm run build".`);
  return new Set(checker.getExportsOfModule(symbol).map((member) => member.name));
}
