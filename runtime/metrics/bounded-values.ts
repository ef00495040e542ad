/** The values of a label with a bound: the first ones as they are, whatever comes beyond them as `other`. */
export function boundedValues(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < most) known.add(value);
    return known.has(value) ? value : 'other';
  };
}
