"""Digits of 5 × 7 dots in images of size × size, with random ink and noise, and which digit each is: what Programs/Support/Glyphs.swift draws."""
import torch

text = """
01110 10001 10011 10101 11001 10001 01110, 00100 01100 00100 00100 00100 00100 01110, 01110 10001 00001 00110 01000 10000 11111,
11110 00001 00001 01110 00001 00001 11110, 00010 00110 01010 10010 11111 00010 00010, 11111 10000 11110 00001 00001 10001 01110,
00110 01000 10000 11110 10001 10001 01110, 11111 00001 00010 00100 01000 01000 01000, 01110 10001 10001 01110 10001 10001 01110,
01110 10001 10001 01111 00001 00010 01100"""
glyphs = torch.tensor([[[float(dot) for dot in line] for line in glyph.split()] for glyph in text.split(",")])


def drawn_digits(count, size, moves=True):
    labels = torch.randint(0, 10, (count,))
    images = torch.zeros(count, size, size)
    for image, label in zip(images, labels):
        row, column = (torch.randint(0, room + 1, ()) if moves else room // 2 for room in (size - 7, size - 5))
        image[row : row + 7, column : column + 5] = glyphs[label] * torch.empty(()).uniform_(0.6, 1)
    return images + 0.15 * torch.randn(images.shape), labels
