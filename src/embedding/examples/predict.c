/* Prints the class of an image and how sure the network is of it.
 *
 *     cc predict.c $(pkg-config --cflags --libs bnn) -o predict
 *     ./predict last.safetensors image.pgm
 *
 * The image is a binary PGM or PPM file of any size.
 */

#include <bnn.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct image {
  int height, width, channels;
  unsigned char* pixels;
} image;

/* Returns 0 if the file is no image. */
static int read_image(const char* path, image* out) {
  FILE* file = fopen(path, "rb");
  char kind;
  int most = 0, good = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "P%c %d %d %d", &kind, &out->width, &out->height, &most) == 4 &&
      (kind == '5' || kind == '6') && most == 255 && out->width > 0 && out->height > 0 &&
      out->width < 65536 && out->height < 65536) {
    const size_t size = (size_t)out->width * (size_t)out->height * (kind == '6' ? 3 : 1);
    out->channels = kind == '6' ? 3 : 1;
    out->pixels = malloc(size);
    fgetc(file);
    good = out->pixels != NULL && fread(out->pixels, 1, size, file) == size;
  }
  fclose(file);
  return good;
}

static int fail(void) {
  fprintf(stderr, "predict: %s\n", bnn_last_error());
  return 1;
}

int main(int argc, char** argv) {
  image given = {0};
  bnn_model* model = NULL;
  bnn_session* session = NULL;
  bnn_info info = {.struct_size = sizeof info};
  bnn_results results = {.struct_size = sizeof results};
  double *probabilities, entropy, mutual_information;
  unsigned char* fitted;
  int32_t predicted;

  if (argc != 3 || !read_image(argv[2], &given)) {
    fprintf(stderr, "usage: predict CHECKPOINT IMAGE.pgm\n");
    return 2;
  }
  if (bnn_model_load(argv[1], &model) != BNN_OK || bnn_model_info(model, &info) != BNN_OK ||
      bnn_session_new(model, NULL, &session) != BNN_OK) {
    return fail();
  }
  fitted = malloc((size_t)info.height * (size_t)info.width * (size_t)info.channels);
  probabilities = malloc((size_t)info.classes * sizeof *probabilities);
  if (fitted == NULL || probabilities == NULL) return 1;
  if (bnn_model_fit_image(model, given.pixels, given.height, given.width, given.channels, fitted) !=
      BNN_OK) {
    return fail();
  }
  results.probabilities = probabilities;
  results.predictive_entropy = &entropy;
  results.mutual_information = &mutual_information;
  results.predicted = &predicted;
  if (bnn_predict(session, fitted, 1, NULL, &results) != BNN_OK) return fail();

  printf("class %d", predicted);
  if (bnn_model_class_name(model, predicted) != NULL) {
    printf(" (%s)", bnn_model_class_name(model, predicted));
  }
  printf(", probability %.17g, predictive entropy %.17g, mutual information %.17g\n",
         probabilities[predicted], entropy, mutual_information);
  bnn_session_free(session);
  bnn_model_free(model);
  free(fitted);
  free(probabilities);
  free(given.pixels);
  return 0;
}
