import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** What a query asks for. */
export type Asked = {
  /** Each metric by its name, with the labels by which its series are chosen or put together. */
  metrics: { name: string; labels: string[] }[];
  /** The labels that its result has; null: those of the metrics. */
  result: string[] | null;
};

/** Reads a query with Prometheus' own grammar. Throws where it does not follow it. */
export function asked(query: string): Asked {
  const tree = parser.parse(query);
  const text = (node: SyntaxNode) => query.slice(node.from, node.to);
  const metrics: Asked['metrics'] = [];
  const visit = (node: SyntaxNode, grouping: readonly string[]): void => {
    if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${query}`);
    if (node.name === 'VectorSelector') {
      const name = node.getChild('Identifier');
      if (!name) throw new Error(`a selector without a metric: ${query}`);
      metrics.push({ name: text(name), labels: [...grouping, ...namesIn(node, 'LabelName')] });
    }
    const within = node.name === 'AggregateExpr' ? [...grouping, ...groupingOf(node)] : grouping;
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child, within);
  };
  const namesIn = (node: SyntaxNode, kind: string): string[] => {
    const names: string[] = [];
    node.cursor().iterate((one) => void (one.name === kind && names.push(query.slice(one.from, one.to))));
    return names;
  };
  const groupingOf = (node: SyntaxNode): string[] => {
    const modifier = node.getChild('AggregateModifier');
    return modifier ? namesIn(modifier, 'LabelName') : [];
  };
  visit(tree.topNode, []);
  const first = tree.topNode.firstChild;
  return { metrics, result: first && outermost(first, groupingOf) };
}

/** The labels of the outermost aggregation, inside of functions and calculations. */
function outermost(node: SyntaxNode, groupingOf: (node: SyntaxNode) => string[]): string[] | null {
  if (node.name === 'AggregateExpr' && node.getChild('AggregateOp')?.firstChild?.name !== 'Topk') return groupingOf(node);
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const found = outermost(child, groupingOf);
    if (found) return found;
  }
  return null;
}
