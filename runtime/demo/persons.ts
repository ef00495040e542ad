/** Made-up persons of the demonstration; the identity numbers are valid in form only (GB 11643-1999). */
export type DemoPerson = { name: string; idCard: string; mobile: string; email: string };

const NAMES = ['王芳', '李伟', '张敏', '刘洋', '陈静', '杨帆', '赵磊', '黄丽'];
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

export function demoPersons(): DemoPerson[] {
  return NAMES.map((name, index) => ({
    name,
    idCard: withCheckCharacter(`110105${1960 + index}0${1 + index}1${index}00${index + 1}`),
    mobile: `1380013800${index}`,
    email: `participant-${index + 1}@people.example`,
  }));
}

function withCheckCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return `${digits}${'10X98765432'[sum % 11]}`;
}
