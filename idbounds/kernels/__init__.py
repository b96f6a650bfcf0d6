"""The meanings of the words: `floats` (numpy), `balls` (rigorous), `tensors` (torch) and `kernels.js`."""
