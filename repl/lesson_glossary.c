/* lesson_glossary.c - a small glossary: the terms of the lessons, and of what the window shows. */
#include "lesson_glossary.h"

#include <string.h>
#include <strings.h>

static const struct term terms[] = {
    {"accuracy", "val_accuracy",
        "The share of samples that the network classifies right. `accuracy` counts the training part, "
        "`val_accuracy` the held-out part.",
        "tour"},
    {"activation", "activation function",
        "The function that a neuron applies to its weighted sum; the result is its output. Without one, a "
        "stack of layers could draw no more than a single straight line.",
        "hidden"},
    {"adam", NULL,
        "An optimizer that keeps a running mean of each weight's gradient and of its square, and gives every "
        "weight its own step size.",
        NULL},
    {"back-propagation", "backprop, backpropagation, backward",
        "The way to compute the gradient of the loss by every weight, layer by layer from the output back, "
        "with the chain rule. It changes no weight: that is the optimizer's work.",
        "backprop"},
    {"batch", "batch_size, mini-batch",
        "The samples that one training step looks at together. The step follows their mean gradient.",
        "perceptron"},
    {"bias", NULL, "A number that a neuron adds to its weighted sum. It moves the line away from the origin.",
        "perceptron"},
    {"chain rule", NULL,
        "The slope of a function of a function is the product of both slopes. Back-propagation is this rule, "
        "used over and over.",
        "backprop"},
    {"class", "label", "What a sample belongs to. The label is the right answer that comes with the sample.",
        "tour"},
    {"confusion matrix", "confusion",
        "A table that counts how often each true class was taken for each class. What stands off the "
        "diagonal is wrong.",
        NULL},
    {"cross-entropy", "binary_crossentropy, categorical_crossentropy",
        "A loss for probabilities: minus the logarithm of the probability that the network gave to the right "
        "class.",
        NULL},
    {"curves", "loss curve, learning curve",
        "The panel that draws loss and metrics over the epochs, training and held-out part together.",
        "tour"},
    {"dead unit", "dead relu, dead",
        "A ReLU that gives 0 for every sample. Its gradient is 0 too, so it never learns again.", NULL},
    {"decision boundary", "boundary",
        "Where the network's answer changes from one class to the other. In the output map it is where the "
        "colours meet.",
        "perceptron"},
    {"delta", "δ, error signal",
        "The gradient of the loss by a neuron's weighted sum: how much the loss would change if the sum rose "
        "a little. It equals the gradient of the neuron's bias.",
        "backprop"},
    {"dense", "dense layer, fully connected",
        "A layer in which every neuron reads every output of the layer before it.", "tour"},
    {"dropout", NULL,
        "A layer that silences each input at random while training, and lets all through otherwise. It keeps "
        "units from leaning on each other.",
        NULL},
    {"epoch", NULL, "One pass over the whole training part, cut into batches in a new random order.", "tour"},
    {"feature", "features",
        "A number that the network reads. `features` can add products, squares and sines of the two "
        "coordinates.",
        "xor"},
    {"forward pass", "forward",
        "Computing the output from the input, layer by layer. The last layer's output is compared with the "
        "target.",
        "backprop"},
    {"gradient", "grad",
        "For each weight, the slope of the loss: how fast the loss rises when this weight grows. Training "
        "goes the other way.",
        "backprop"},
    {"gradient norm", "norm",
        "The length of all gradients taken as one arrow. Near zero means that nothing is learnt, very large "
        "that steps may blow up.",
        "backprop"},
    {"health strip", "health",
        "The panel that shows, layer by layer, how activations, weights and gradients are spread, and what "
        "is dead or saturated.",
        NULL},
    {"held-out part", "validation, validation set",
        "Samples that training never sees. Only they tell whether the network has learnt the rule or the "
        "examples.",
        "tour"},
    {"hidden layer", "hidden, hidden unit",
        "A layer between input and output. Nobody tells its units what to show; training finds out.",
        "hidden"},
    {"initialisation", "init, glorot, he",
        "The random weights that training starts from. Glorot and He choose their size so that signals "
        "neither fade nor grow from layer to layer.",
        NULL},
    {"layer", NULL,
        "Neurons that read the same inputs and work side by side. Layer 0 is the input; it computes nothing "
        "and has no weights.",
        "hidden"},
    {"learning rate", "lr",
        "How large a step the weights take against the gradient. Too small crawls, too large jumps over the "
        "valley.",
        "perceptron"},
    {"linearly separable", "separable",
        "Two classes are linearly separable when one straight line (or plane) has each on its own side.",
        "xor"},
    {"loss", "val_loss",
        "One number that says how wrong the network is. Training makes it small; it is not the same as "
        "accuracy.",
        "tour"},
    {"momentum", NULL,
        "A step that goes on partly in the direction of the steps before, like a rolling ball.", NULL},
    {"mse", "mean squared error", "The mean of the squared differences between output and target.", NULL},
    {"network panel", "network, thumbnail",
        "The panel with the network from left to right. Each unit is a small picture of its output over the "
        "plane; edges are weights, thick ones large, the colour is the sign.",
        "tour"},
    {"neuron", "unit",
        "It multiplies each input by a weight, adds a bias, and applies its activation to the sum.",
        "perceptron"},
    {"one-hot", NULL, "A class written as numbers: 1 in its own place, 0 in all others.", NULL},
    {"optimizer", "optimiser",
        "What changes the weights once the gradients are known: sgd, rmsprop, adam. Back-propagation only "
        "brings the gradients.",
        "backprop"},
    {"output map", "map",
        "The panel that colours every point of the plane by the network's output, with the samples on top.",
        "tour"},
    {"overfitting", NULL,
        "Learning the examples by heart: the training loss falls while the held-out loss rises.", NULL},
    {"parameter", "parameters, params", "A number that training may change: a weight or a bias.", "hidden"},
    {"perceptron", NULL,
        "Rosenblatt's neuron of 1958: a weighted sum and a threshold, which learns only from its mistakes.",
        "perceptron"},
    {"precision", NULL, "Of all samples that the network called positive, the share that is.", NULL},
    {"recall", NULL, "Of all samples that are positive, the share that the network found.", NULL},
    {"regularisation", "l1, l2, regularization",
        "A price on large weights, added to the loss. L1 drives weights to zero, L2 keeps them small.", NULL},
    {"relu", NULL, "The activation that lets positive sums through and gives 0 for the others.", NULL},
    {"rmsprop", NULL,
        "An optimizer that divides each gradient by the square root of a running mean of its square.", NULL},
    {"sample", NULL, "One example: its inputs and the answer that belongs to it.", "tour"},
    {"saturation", "saturated",
        "A sigmoid or tanh far out, where it is flat: its slope is near 0, so hardly any gradient comes "
        "through.",
        NULL},
    {"seed", NULL, "The number that all random choices come from. The same seed gives the same run.", "tour"},
    {"sgd", "stochastic gradient descent",
        "The plain optimizer: weight minus learning rate times gradient, batch after batch.", "perceptron"},
    {"sigmoid", NULL, "The activation 1 / (1 + exp(-z)): any sum becomes a number between 0 and 1.", "xor"},
    {"softmax", NULL, "The activation that turns scores into probabilities which add up to 1.", NULL},
    {"standardise", "standardisation",
        "Shifting and scaling an input so that its mean is 0 and its deviation 1, measured on the training "
        "part only.",
        NULL},
    {"step", "update", "One change of the weights: forward, backward and update on one batch.", "backprop"},
    {"tanh", NULL, "The activation that squeezes any sum between -1 and 1. Its slope is 1 - tanh².",
        "hidden"},
    {"target", NULL, "The number that the network should give for a sample.", "backprop"},
    {"update/weight ratio", "update ratio",
        "How long a training step is, measured by the length of the weights. About 0.001 is healthy.", NULL},
    {"weight", "weights",
        "The number by which a neuron multiplies one of its inputs. `w[1][0,2]` leads from input 0 to unit 2 "
        "of layer 1.",
        "perceptron"},
    {"weighted sum", "pre-activation, z",
        "Each input times its weight, all added up, plus the bias: what a neuron computes before its "
        "activation.",
        "perceptron"},
    {"xor", "exclusive or",
        "True when exactly one of two inputs is true. No single straight line can tell its cases apart.",
        "xor"},
};

const struct term *term_at(size_t i)
{
    return i < sizeof terms / sizeof *terms ? &terms[i] : NULL;
}

const char *term_name(size_t i)
{
    return term_at(i) != NULL ? terms[i].name : NULL;
}

/* Is `name` one of the spellings in the list? */
static bool in_list(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t m = strcspn(at, ",");
        if (m == n && strncasecmp(at, name, n) == 0)
            return true;
        at += m + strspn(at + m, ", ");
    }
    return false;
}

const struct term *term_find(const char *name)
{
    for (size_t i = 0; term_at(i) != NULL; i++)
        if (strcasecmp(terms[i].name, name) == 0 || in_list(terms[i].also, name))
            return &terms[i];
    return NULL;
}
