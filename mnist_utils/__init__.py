"""Helpers shared by the notebooks of the MNIST series; import the module that you need.

Importing the package itself, `mnist_utils.data` or `mnist_utils.plotting` does not import
TensorFlow, so that looking at digits is instant.
"""

__version__ = "0.1.0"
