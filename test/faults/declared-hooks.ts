/** The hooks that hosts can give to this library, read from the text of its types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../scripts/root.mjs';

const FOLDERS = ['src/model', 'src/config', 'src/adapters'];
const ROOTS = ['GatewayOptions', 'Destination', 'AdapterOptions', 'AdapterFacts'];
/** Of the language and the platform, without a function that a host would write. */
const HARMLESS = new Set([
  'Record',
  'Readonly',
  'Partial',
  'Promise',
  'URL',
  'Value',
  'Source',
  'Omit',
  'Pick',
  'Exclude',
]);

type Declaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

function declarations(): Map<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const folder of FOLDERS)
    for (const name of readdirSync(join(root, folder)).filter((file) => /\.ts$/.test(file))) {
      const text = readFileSync(join(root, folder, name), 'utf8');
      ts.forEachChild(ts.createSourceFile(name, text, ts.ScriptTarget.Latest), (node) => {
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
          found.set(node.name.text, node);
      });
    }
  return found;
}

/** `Interface.field` for every field of the options whose value is a function, may be one, or has one. */
export function declaredHooks(): readonly string[] {
  const known = declarations();
  const hooks = new Set<string>();
  const seen = new Set<string>();

  const look = (type: ts.Node | undefined, place: string): void => {
    if (type === undefined) return;
    if (ts.isFunctionTypeNode(type)) hooks.add(place);
    else if (ts.isTypeReferenceNode(type)) refer(type, place);
    else ts.forEachChild(type, (part) => look(part, place));
  };
  const refer = (type: ts.TypeReferenceNode, place: string): void => {
    const name = ts.isIdentifier(type.typeName) ? type.typeName.text : type.typeName.right.text;
    for (const argument of type.typeArguments ?? []) look(argument, place);
    const declaration = known.get(name);
    if (declaration === undefined) {
      // Somebody else's type: whatever it is, it is the host's.
      if (!HARMLESS.has(name)) hooks.add(place);
    } else if (ts.isTypeAliasDeclaration(declaration)) look(declaration.type, place);
    else lookInside(declaration);
  };
  const lookInside = (declaration: ts.InterfaceDeclaration): void => {
    const owner = declaration.name.text;
    if (seen.has(owner)) return;
    seen.add(owner);
    for (const clause of declaration.heritageClauses ?? [])
      for (const { expression } of clause.types) {
        const base = known.get((expression as ts.Identifier).text);
        if (base !== undefined && ts.isInterfaceDeclaration(base)) lookInside(base);
      }
    for (const member of declaration.members) {
      if (member.name === undefined) continue;
      const place = `${owner}.${(member.name as ts.Identifier).text}`;
      if (ts.isMethodSignature(member)) hooks.add(place);
      else if (ts.isPropertySignature(member)) look(member.type, place);
    }
  };

  const roots = [...ROOTS, ...[...known.keys()].filter((name) => /TelemetryOptions$/.test(name))];
  for (const name of roots) {
    const declaration = known.get(name);
    if (declaration === undefined) throw new Error(`${name} is not declared any more`);
    if (ts.isInterfaceDeclaration(declaration)) lookInside(declaration);
    else look(declaration.type, name);
  }
  return [...hooks].sort();
}
