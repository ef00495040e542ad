/** Made-up persons of the demonstration; the identity numbers are valid in form only (GB 11643-1999). */
export type DemoPerson = {
  name: string;
  idCard: string;
  sex: 'female' | 'male';
  /** Body of their registration. */
  about: { name: string; idCard: string; mobile: string; email: string };
};

const NAMES = ['王芳', '李伟', '张敏', '刘洋', '陈静', '杨帆', '赵磊', '黄丽', '周杰', '吴倩', '徐强', '孙悦', '胡军', '朱琳', '高翔', '林静'];
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

export function demoPersons(): DemoPerson[] {
  return NAMES.map((name, index) => {
    const idCard = withCheckCharacter(`110105${1960 + index}${padded(1 + (index % 12), 2)}${10 + index}${padded(index + 1, 3)}`);
    const about = { name, idCard, mobile: `138001380${padded(index, 2)}`, email: `participant-${index + 1}@people.example` };
    // The seventeenth digit is odd for men (GB 11643-1999).
    return { name, idCard, sex: Number(idCard[16]) % 2 === 1 ? 'male' : 'female', about };
  });
}

const padded = (value: number, digits: number) => String(value).padStart(digits, '0');

function withCheckCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return `${digits}${'10X98765432'[sum % 11]}`;
}
