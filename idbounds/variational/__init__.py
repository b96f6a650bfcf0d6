"""Training with the bound as its objective: a posterior over weights, then draws that name one of them.

`Posterior` holds the means and deviations of the weights of a module; `Fitter` trains it against errors and
bits, and puts draws from the prior in its place; `Refiner` chooses again among the draws, which costs no
bits; `Course` takes a fit through all of it, and can be stopped anywhere.
"""
