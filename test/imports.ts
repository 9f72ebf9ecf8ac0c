import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';
import { BUILDING, DIFFERENTIABLE, ENGINE, IN_OPERATIONS, OFF_TAPE } from './tfjs-names.ts';
import type { Manifest, Source } from './workspace.ts';

const TFJS = '@tensorflow/tfjs-core';

type Import = { readonly specifier: string; readonly names: readonly string[] };

/** What a file imports or re-exports, and calls and names that no source may contain. */
function read({ path, text }: Source): { imports: readonly Import[]; misuses: readonly string[] } {
  const imports: Import[] = [];
  const misuses: string[] = [];
  const specifierOf = (node: ts.Node | undefined): string | undefined =>
    node && ts.isStringLiteral(node) ? node.text : undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      imports.push({
        specifier: specifierOf(node.moduleSpecifier) ?? '',
        names: valueNames(node.importClause),
      });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      imports.push({ specifier: specifierOf(node.moduleSpecifier) ?? '', names: [] });
    } else if (ts.isCallExpression(node)) {
      const specifier = specifierOf(node.arguments[0]);
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword && specifier !== undefined) {
        imports.push({ specifier, names: [] });
      }
      // Batched gather gives wrong numbers on stock wasm.
      if (node.expression.getText() === 'gather' && node.arguments.length > 3) {
        misuses.push('gather with batchDims');
      }
    } else if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') {
      misuses.push('Math.random; draw from a key');
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
  return { imports, misuses };
}

/** The names that an import brings at run time; `*` for a namespace, `default` for a default. */
function valueNames(clause: ts.ImportClause | undefined): readonly string[] {
  if (!clause || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const whole = clause.name ? ['default'] : [];
  if (!clause.namedBindings) return whole;
  if (ts.isNamespaceImport(clause.namedBindings)) return [...whole, '*'];
  const named = clause.namedBindings.elements.filter((element) => !element.isTypeOnly);
  return [...whole, ...named.map((element) => (element.propertyName ?? element.name).text)];
}

/** The tfjs-core functions that a package may use; apps and tests are free. */
function allowed(name: string): ReadonlySet<string> {
  if (['@twocan/core', '@twocan/ops', '@twocan/backend'].includes(name)) {
    return new Set([...DIFFERENTIABLE, ...IN_OPERATIONS, ...ENGINE]);
  }
  if (name === '@twocan/engine' || name === '@twocan/backend-simd')
    return new Set([...ENGINE, ...BUILDING]);
  if (name === '@twocan/optim') return new Set([...DIFFERENTIABLE, ...OFF_TAPE]);
  return DIFFERENTIABLE;
}

/** The packages that may import a tfjs backend. */
const ENGINE_PACKAGES = ['@twocan/backend', '@twocan/engine'];

const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/**
 * What is wrong with the imports of a package's sources.
 *
 * @param manifest the package.json of the package
 * @param files its sources
 * @returns one line per problem: an import that is not declared or leaves the package by a path, a
 *   Node module outside of `src/node`, a tfjs function off the list, a declared package unused
 */
export function importProblems(manifest: Manifest, files: readonly Source[]): readonly string[] {
  const { name, dependencies = {}, peerDependencies = {} } = manifest;
  const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
  const isLibrary = manifest.private !== true && name.startsWith('@twocan/');
  const names = allowed(name);
  const used = new Set<string>();
  const problems: string[] = [];
  for (const file of files) {
    const report = (what: string): number => problems.push(`${name} ${file.path}: ${what}`);
    const { imports, misuses } = read(file);
    if (isLibrary) misuses.forEach(report);
    for (const { specifier: written, names: brought } of imports) {
      const specifier = manifest.imports?.[written]?.default ?? written;
      if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(file.path), specifier);
        if (!target.startsWith('src/')) report(`'${specifier}' leaves the package`);
        continue;
      }
      const target = packageOf(specifier);
      used.add(target);
      if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
        const isPortable = isLibrary && !file.path.startsWith('src/node/');
        if (isPortable) report(`'${specifier}' outside of src/node`);
      } else if (!declared.has(target)) {
        report(`'${specifier}' is not declared`);
      } else if (/^@tensorflow\/tfjs(-(backend|node).*)?$/.test(target) && isLibrary) {
        if (!ENGINE_PACKAGES.includes(name)) report(`'${specifier}': only backend may`);
      } else if (target === TFJS && isLibrary) {
        if (specifier !== TFJS) report(`'${specifier}' reaches inside tfjs-core`);
        for (const fn of brought.filter((n) => !names.has(n))) {
          report(`tfjs-core's ${fn} is not in test/tfjs-names.ts`);
        }
      }
    }
  }
  const ours = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@twocan/'));
  const idle = isLibrary ? ours.filter((dependency) => !used.has(dependency)) : [];
  return [...problems, ...idle.map((dependency) => `${name} declares ${dependency}, unused`)];
}
