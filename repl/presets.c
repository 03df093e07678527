/* presets.c - see presets.h. Sources: lenet is LeCun and others 1998 with relu and max pooling, as it is
 * taught today; vgg16 is Simonyan & Zisserman 2015 with Keras's names; resnet-mini follows He and others
 * 2016; gpt-mini has the pre-norm blocks of Radford and others 2019; vae is Kingma & Welling 2014; unet-mini
 * is Ronneberger and others 2015. */
#include "presets.h"

#include "../src/error.h"
#include "../src/table.h"

#include <string.h>

#define RESIDUAL(filters, block, before)                \
    "conv2d " filters " 3x3 padding=same use_bias=no\n" \
    "batchnorm\n"                                       \
    "activation relu\n"                                 \
    "conv2d " filters " 3x3 padding=same use_bias=no\n" \
    "batchnorm\n"                                       \
    "add " before "\n"                                  \
    "activation relu name=" block "\n"

#define NARROW(filters, block, shortcut) \
    "conv2d " filters " 1x1 strides=2 use_bias=no from=" shortcut " name=" block "_skip\n"

#define HALVED(filters, block, before)                                            \
    "conv2d " filters " 3x3 strides=2 padding=same use_bias=no from=" before "\n" \
    "batchnorm\n"                                                                 \
    "activation relu\n"                                                           \
    "conv2d " filters " 3x3 padding=same use_bias=no\n"                           \
    "batchnorm\n"                                                                 \
    "add " block "_skip\n"                                                        \
    "activation relu name=" block "\n"

#define TRANSFORMER(block, before)             \
    "layernorm\n"                              \
    "attention 4 causal\n"                     \
    "add " before " name=" block "_attended\n" \
    "layernorm\n"                              \
    "dense 256 gelu\n"                         \
    "dense 64\n"                               \
    "add " block "_attended name=" block "\n"

#define VGG(block, number, filters) \
    "conv2d " filters " 3x3 relu padding=same name=block" block "_conv" number "\n"

static const struct preset presets[] = {
    {
        .name = "mlp",
        .summary = "two hidden layers of 64",
        .input = "2",
        .lines = "{flatten}dense 64 relu\ndense 64 relu\n{head}",
    },
    {
        .name = "deep-sigmoid",
        .summary = "eight layers of sigmoid, whose gradients vanish",
        .input = "2",
        .lines = "{flatten}dense 16 sigmoid\ndense 16 sigmoid\ndense 16 sigmoid\ndense 16 sigmoid\n"
                 "dense 16 sigmoid\ndense 16 sigmoid\ndense 16 sigmoid\ndense 16 sigmoid\n{head}",
    },
    {
        .name = "lenet",
        .summary = "the small convolutional network that reads digits",
        .reads = PRESET_IMAGES,
        .input = "28x28x1",
        .lines = "conv2d 6 5x5 relu padding=same\nmaxpool2d 2\nconv2d 16 5x5 relu\nmaxpool2d 2\nflatten\n"
                 "dense 120 relu\ndense 84 relu\n{head}",
    },
    {
        .name = "vgg16",
        .summary = "thirteen convolutions and, with top, three dense layers: 138 million parameters",
        .reads = PRESET_IMAGES,
        .input = "224x224x3",
        .lines = VGG("1", "1", "64") VGG("1", "2", "64") "maxpool2d 2 name=block1_pool\n" VGG("2", "1", "128")
            VGG("2", "2", "128") "maxpool2d 2 name=block2_pool\n" VGG("3", "1", "256") VGG("3", "2", "256")
                VGG("3", "3", "256") "maxpool2d 2 name=block3_pool\n" VGG("4", "1", "512")
                    VGG("4", "2", "512") VGG("4", "3", "512") "maxpool2d 2 name=block4_pool\n" VGG(
                        "5", "1", "512") VGG("5", "2", "512") VGG("5", "3",
                        "512") "maxpool2d 2 name=block5_pool\n"
                               "{top}flatten\n{top}dense 4096 relu name=fc1\n{top}dense 4096 relu name=fc2\n"
                               "{top}dense {classes} softmax name=predictions\n",
    },
    {
        .name = "resnet-mini",
        .summary = "residual blocks: gradients go round the convolutions",
        .reads = PRESET_IMAGES,
        .input = "28x28x1",
        .lines = "conv2d 16 3x3 padding=same use_bias=no\nbatchnorm\nactivation relu name=stem\n" RESIDUAL(
            "16", "block1", "stem") NARROW("32", "block2", "block1") HALVED("32", "block2", "block1")
            NARROW("64", "block3", "block2") HALVED("64", "block3", "block2") "globalavgpool\n{head}",
    },
    {
        .name = "autoencoder",
        .summary = "squeezes its input through a few numbers and gives it back",
        .input = "28x28x1",
        .lines =
            "{flatten}dense 128 relu\ndense 32 relu\ndense {latent} name=latent\ndense 32 relu\n"
            "dense 128 relu\ndense {size} {decoded} name=decoded\noutput decoded target=input loss=mse\n",
    },
    {
        .name = "vae",
        .summary = "an autoencoder whose few numbers are drawn at random: a smooth latent space",
        .input = "28x28x1",
        .lines = "{flatten}dense 256 relu\ndense {moments} name=moments\nsampling weight={beta} name=latent\n"
                 "dense 256 relu\ndense {size} {decoded} name=decoded\noutput decoded target=input "
                 "loss={reconstruction}\n",
    },
    {
        .name = "char-rnn",
        .summary = "an LSTM that reads a text character by character",
        .reads = PRESET_TEXT,
        .lines = "embedding {classes} 32\nlstm 128 return_sequences\ndense {classes} softmax\n",
    },
    {
        .name = "gpt-mini",
        .summary = "two transformer blocks of width 64 with four heads",
        .reads = PRESET_TEXT,
        .lines = "embedding {classes} 64\npositional name=tokens\n" TRANSFORMER("block1", "tokens")
            TRANSFORMER("block2", "block1") "layernorm\ndense {classes} softmax\n",
    },
    {
        .name = "unet-mini",
        .summary = "down and up again with bridges: a label for each pixel",
        .reads = PRESET_IMAGES,
        .input = "32x32x1",
        .lines = "conv2d 16 3x3 relu padding=same name=down1\nmaxpool2d 2\n"
                 "conv2d 32 3x3 relu padding=same name=down2\nmaxpool2d 2\nconv2d 64 3x3 relu padding=same\n"
                 "upsample2d 2\nconcat down2\nconv2d 32 3x3 relu padding=same\nupsample2d 2\nconcat down1\n"
                 "conv2d 16 3x3 relu padding=same\nconv2d {classes} 1x1 softmax\n",
    },
};

TABLE(preset, presets, &presets[i])

/* --- filling in ----------------------------------------------------------------------------------------- */

struct filling {
    const struct preset_choice *choice;
    const struct shape *input;
    const struct data *data;
    int classes;
};

static void fill_head(const struct filling *f, struct text *out)
{
    const struct data *d = f->data;
    if (d && !d->classes)
        text_addf(out, "dense %zu\n", d->targets);
    else if (f->classes == 2)
        text_add(out, "dense 1 sigmoid\n");
    else
        text_addf(out, "dense %d softmax\n", f->classes);
}

/* Images lie in 0 … 1; columns of a table are standardised. */
static bool in_unit_range(const struct filling *f)
{
    return !f->data || !f->data->raw;
}

static void fill_field(const struct filling *f, const char *name, size_t length, struct text *out)
{
    size_t size = shape_size(f->input);
#define IS(word) (length == sizeof(word) - 1 && !strncmp(name, word, length))
    if (IS("head"))
        fill_head(f, out);
    else if (IS("classes"))
        text_addf(out, "%d", f->classes);
    else if (IS("size"))
        text_addf(out, "%zu", size);
    else if (IS("latent"))
        text_addf(out, "%d", f->choice->latent);
    else if (IS("moments"))
        text_addf(out, "%d", 2 * f->choice->latent);
    else if (IS("beta"))
        text_addf(out, "%.3g", 1 / (double)size);
    else if (IS("flatten"))
        text_add(out, f->input->rank > 1 ? "flatten\n" : "");
    else if (IS("decoded"))
        text_add(out, in_unit_range(f) ? "sigmoid" : "linear");
    else if (IS("reconstruction"))
        text_add(out, in_unit_range(f) ? "binary_crossentropy" : "mse");
#undef IS
}

/* A line that begins with {top} is there with the top alone. */
static void fill_line(const struct filling *f, const char *line, const char *end, struct text *out)
{
    static const char top[] = "{top}";
    if (!strncmp(line, top, sizeof top - 1)) {
        if (!f->choice->top)
            return;
        line += sizeof top - 1;
    }
    while (line < end) {
        size_t plain = strcspn(line, "{");
        plain = plain < (size_t)(end - line) ? plain : (size_t)(end - line);
        text_add_bytes(out, line, plain);
        line += plain;
        if (line < end) {
            size_t length = strcspn(++line, "}");
            fill_field(f, line, length, out);
            line += length + 1;
        }
    }
}

static bool fits(const struct preset *p, const struct filling *f, struct error *e)
{
    char shape[SHAPE_TEXT];
    bool letters = f->data && f->data->letters;
    if (p->reads == PRESET_TEXT && !letters)
        return error_set(e, "%s reads a text: `data text FILE` first", p->name);
    if (p->reads != PRESET_TEXT && letters)
        return error_set(e, "%s does not read text; char-rnn and gpt-mini do", p->name);
    return p->reads != PRESET_IMAGES || f->input->rank == 3 ||
           error_set(e,
               "%s reads images, height x width x channels, but the input is %s: `data mnist DIR` first, or "
               "`new`, which forgets the data",
               p->name, shape_text(f->input, shape));
}

bool preset_write(const struct preset *p, const struct preset_choice *choice, const struct shape *input,
    const struct data *d, struct text *out, struct error *e)
{
    struct filling f = {.choice = choice, .input = input, .data = d};
    f.classes = choice->classes > 0 ? choice->classes : d && d->classes ? d->classes : 10;
    if (!fits(p, &f, e))
        return false;
    for (const char *line = p->lines; *line;) {
        const char *end = line + strcspn(line, "\n");
        end += *end == '\n';
        fill_line(&f, line, end, out);
        line = end;
    }
    return !out->failed || error_set(e, "there is no memory for the commands of %s", p->name);
}
