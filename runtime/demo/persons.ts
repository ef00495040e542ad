/** Made-up persons of the demonstration; the identity numbers are valid in form only (GB 11643-1999). */
export type DemoPerson = { name: string; idCard: string; mobile: string; email: string };

const NAMES = ['王芳', '李伟', '张敏', '刘洋', '陈静', '杨帆', '赵磊', '黄丽', '周杰', '吴倩', '徐强', '孙悦'];
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

export function demoPersons(): DemoPerson[] {
  return NAMES.map((name, index) => ({
    name,
    idCard: withCheckCharacter(`110105${1960 + index}${padded(1 + index, 2)}${10 + index}${padded(index + 1, 3)}`),
    mobile: `138001380${padded(index, 2)}`,
    email: `participant-${index + 1}@people.example`,
  }));
}

const padded = (value: number, digits: number) => String(value).padStart(digits, '0');

function withCheckCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return `${digits}${'10X98765432'[sum % 11]}`;
}
